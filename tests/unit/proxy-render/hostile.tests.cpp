// SPDX-License-Identifier: LGPL-2.1-or-later
// Values that would hurt everybody in nginx-proxy: here each refuses its own container, and the others' text does not
// change by a byte.
#include "proxy-render/plan/planner.h"
#include "proxy-render/render/render.h"
#include "proxy-render/render/render_cache.h"
#include "unit/proxy-render/compact.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg;

constexpr char k_others[] = R"(
container first
  image php:apache
  mount /sites/first/www
  env VIRTUAL_HOST=site1.example,*.site1.example
  network bridge 172.17.0.2
container second
  image php:apache
  mount /sites/second/www
  env VIRTUAL_HOST=~^s2-\d+\.example$
  env VIRTUAL_PORT=8080
  network bridge 172.17.0.3
)";

proxy::plan plan_of(const std::string& text) {
  return proxy::make_plan(test::parse_containers(text),
                          {.sites = {.root = "/sites", .images = {"php:apache"}}, .own_ports = {80, 443}});
}

const char* const k_hosts[] = {
    "a b.test",
    "x.test; return 200 \"x\"",
    "x.test{",
    "x.test}",
    "x.test\\n}\\nserver {",
    "a\\x00b",
    "a\\x1bb",
    "a\\x7fb",
    "https://e.test",
    "f.test:8080",
    "e.test/path",
    "../../etc/passwd",
    "\"",
    "a\"b",
    "'",
    "a'b",
    "\\",
    "a\\b",
    "$host",
    "${host}",
    "a$b",
    "#x",
    "~(",
    "~^(",
    "~^[",
    "~^a**",
    "~^(?<host>x)",
    "~^(?'host'x)",
    "~^(*ACCEPT)",
    "~.*",
    "~x\\n^",
    "~^a\\x0ab",
    "_ ;",
    "*",
    "**.test",
    "*.*",
    "a.*.test",
    ".test",
    "a..test",
    "-a.test",
    "a-.test",
    "[",
    "[]",
    "[::1",
    "[1.2.3.4]",
    "[::1]:80",
    "b\\xc3\\xbccher..test",
    "\\xef\\xbc\\x9b.test",
    "\\xe2\\x80\\x8b.test",
    "\\xef\\xbd\\x9b\\xef\\xbd\\x9d.test",
    "\\xff\\xfe",
    "a%b",
    "a+b",
    "a@b",
    "a(b)",
    "a|b",
    "a,b c",
    "good.test,b;ad",
    "default_server;",
    "%{IFS}",
    "`id`",
    "$(id)",
    "<a>",
    "server_name x;",
    "\\xe2\\x80\\xae"
    "a.test",
};

const char* const k_ports[] = {
    "abc",  "0",    "65536",           "99999", "-1",     "80,443", "80;", "80 down; server 1.2.3.4:80", "80}", "8\\n0",
    "0x50", "80.0", "\\xef\\xbc\\x98", "$port", "\"80\"", "1e2",    "080x"};

// Words whose values nginx would read as its own language, were they pasted.
const std::pair<const char*, const char*> k_words[] = {
    {"VIRTUAL_PATH", "/a { return 204; } location /y"},
    {"VIRTUAL_PATH", "/a{"},
    {"VIRTUAL_PATH", "/a\\n}\\nserver {"},
    {"VIRTUAL_PATH", "/a\\x00"},
    {"VIRTUAL_PATH", "/\\xc3\\xa9"},
    {"VIRTUAL_PATH", "/$host"},
    {"VIRTUAL_PATH", "~ ("},
    {"VIRTUAL_PATH", "~ ^/(?<host>x)"},
    {"VIRTUAL_PATH", "@named"},
    {"VIRTUAL_DEST", "/; return 200 \"x\""},
    {"VIRTUAL_DEST", "http://evil.test/"},
    {"VIRTUAL_DEST", "/${remote_addr}"},
    {"VIRTUAL_PROTO", "http://evil.test#"},
    {"VIRTUAL_PROTO", "htp"},
    {"MAX_BODY", "1m; return 200"},
    {"MAX_BODY", "unlimited"},
    {"READ_TIMEOUT", "1s; }"},
    {"LOADBALANCE",
     "least_conn"
     "; server 1.2.3.4"},
    {"LOADBALANCE", "least_conn;"},
    {"KEEPALIVE", "1; server 1.2.3.4"},
    {"NETWORK_ACCESS", "internal; allow all"},
    {"SERVER_TOKENS", "off; return 204"},
    {"MAINTENANCE", "{"},
    {"REDIRECT_WWW", "https://evil.test"},
    {"SSL_POLICY", "modern; ssl_ciphers ALL"},
    {"EXTERNAL_HTTP_PORT", "80; return 204"},
    {"EXTERNAL_HTTPS_PORT", "0"},
    {"EXTERNAL_HTTPS_PORT", "65536"},
};

void check_hurts_itself_alone(const std::string& lines, std::string_view variable) {
  const auto without = plan_of(k_others);
  const auto with = plan_of(std::string(k_others) + "container hostile\n  network bridge 172.17.0.66\n" + lines);
  CHECK(proxy::render(with.vhosts, {}) == proxy::render(without.vhosts, {}));
  REQUIRE(with.refused.size() == 1);
  CHECK(with.refused[0].container == "hostile");
  CHECK(with.refused[0].variable == variable);
  CHECK_FALSE(with.refused[0].reason.empty());
}

const char* const k_multiports[] = {
    "{",
    "[]",
    "just text",
    "a.test: 80",
    "a.test: [1]",
    "a.test: {/: 80}",
    "a.test: {/: {port: 0}}",
    "a.test: {/: {port: [80]}}",
    "a.test: {/: {port: '80; server 1.2.3.4'}}",
    "a.test: {/: {prot: http}}",
    "a.test: {/: {proto: 'http://evil.test#'}}",
    "a.test: {/: {dest: '/; return 200'}}",
    "a.test: {'/a { return 204; } location /y': {port: 80}}",
    "a.test: {path: {port: 80}}",
    "a.test: {external_http_port: '8080; }'}",
    "a.test: {external_http_port: 8080, external_https_port: 8080}",
    "a.test;: {}",
    "'': {}",
    "? {a: b}\\n: {}",
    "a.test: {}\\na.test: {}",
    "a.test: {/: {port: 1}, /: {port: 2}}",
    "a.test: &x {/: {port: 80}}\\nb.test: *x",
    "a: &a [x,x]\\nb: &b [*a,*a,*a,*a]\\nc: [*b,*b,*b,*b]",
    "<<: {a.test: {}}",
    "!!python/object:a.test {}: {",
    "a.test: {/: {port: 80}}\\x00",
    "\\xff\\xfe",
};

}  // namespace

TEST_CASE("a hostile VIRTUAL_HOST_MULTIPORTS hurts its own container alone") {
  constexpr char variable[] = "VIRTUAL_HOST_MULTIPORTS";
  for (const std::string value : k_multiports) {
    INFO(value);
    check_hurts_itself_alone("  env VIRTUAL_HOST_MULTIPORTS=" + value + "\n", variable);
  }
  // Deep, long, many.
  check_hurts_itself_alone("  env VIRTUAL_HOST_MULTIPORTS=" + std::string(15'000, '[') + "\n", variable);
  check_hurts_itself_alone("  env VIRTUAL_HOST_MULTIPORTS=" + std::string(15'000, '{') + "\n", variable);
  check_hurts_itself_alone("  env VIRTUAL_HOST_MULTIPORTS={a.test: " + std::string(20'000, ' ') + "}\n", variable);
  std::string many;
  for (int i = 0; i < 300; ++i) many += "h" + std::to_string(i) + ".test: {}\\n";
  check_hurts_itself_alone("  env VIRTUAL_HOST_MULTIPORTS=" + many + "\n", variable);
}

TEST_CASE("a hostile VIRTUAL_HOST hurts its own container alone") {
  for (const auto* value : k_hosts) {
    INFO(value);
    check_hurts_itself_alone("  env VIRTUAL_HOST=" + std::string(value) + "\n", "VIRTUAL_HOST");
  }
  check_hurts_itself_alone("  env VIRTUAL_HOST=" + std::string(300, 'a') + ".test\n", "VIRTUAL_HOST");
  check_hurts_itself_alone("  env VIRTUAL_HOST=" + std::string(100'000, 'a') + "\n", "VIRTUAL_HOST");
  check_hurts_itself_alone("  env VIRTUAL_HOST=~^" + std::string(50'000, '(') + "\n", "VIRTUAL_HOST");
}

TEST_CASE("a hostile VIRTUAL_PORT hurts its own container alone") {
  for (const auto* value : k_ports) {
    INFO(value);
    check_hurts_itself_alone("  env VIRTUAL_HOST=fine.test\n  env VIRTUAL_PORT=" + std::string(value) + "\n",
                             "VIRTUAL_PORT");
  }
}

TEST_CASE("a hostile value of any other variable hurts its own container alone, as a label too") {
  for (const auto& [name, value] : k_words) {
    INFO(name << "=" << value);
    check_hurts_itself_alone("  env VIRTUAL_HOST=fine.test\n  env " + std::string(name) + "=" + value + "\n", name);
    std::string label = "  env VIRTUAL_HOST=fine.test\n  label heberg.proxy.";
    for (const char* c = name; *c != '\0'; ++c) label += *c == '_' ? '_' : static_cast<char>(*c - 'A' + 'a');
    check_hurts_itself_alone(label + "=" + value + "\n", name);
  }
}

TEST_CASE("another site's name in upper case is that name, and is refused") {
  check_hurts_itself_alone("  env VIRTUAL_HOST=Site1.EXAMPLE.\n", "VIRTUAL_HOST");
  check_hurts_itself_alone("  env VIRTUAL_HOST=*.SITE1.example\n", "VIRTUAL_HOST");
}

TEST_CASE("a hostile container name stays in the complaint, printable") {
  const auto plan = plan_of("container a\\n\\xffb\n  env VIRTUAL_HOST=;\n");
  REQUIRE(plan.refused.size() == 1);
  CHECK(plan.refused[0].container == "a\\x0a\\xffb");
}

TEST_CASE("a hostile address is no address") {
  for (const auto* address :
       {"1.2.3.4; } server {", "999.1.1.1", "1.2.3", "a.b.c.d", "::1", "fe80::1%eth0", "0x7f.1"}) {
    INFO(address);
    docker::containers all = test::parse_containers("container a\n  env VIRTUAL_HOST=a.test\n");
    all.begin()->second.networks.push_back({.name = "n", .id = {}, .ipv4 = address, .ipv6 = {}});
    const auto plan = proxy::make_plan(all, {});
    REQUIRE(plan.vhosts.size() == 1);
    CHECK(service_of(plan.vhosts[0]) == proxy::service::unreachable);
    CHECK(plan.unreachable.size() == 1);
  }
}
