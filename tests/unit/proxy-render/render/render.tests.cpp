// SPDX-License-Identifier: LGPL-2.1-or-later
// Which form a host is served in. What the forms look like stands in golden/proxy.
#include "proxy-render/render/render.h"

#include "proxy-render/plan/planner.h"
#include "proxy-render/render/render_cache.h"
#include "proxy-render/render/render_preamble.h"
#include "unit/proxy-render/compact.h"

#include <catch2/catch.hpp>

#include <algorithm>

namespace {

using namespace heberg;

proxy::plan plan_of(const std::string& text) {
  return proxy::make_plan(test::parse_containers(text), {.sites = {},
                                                         .own_ports = {},
                                                         .external_ports = {{80, 9999}},
                                                         .shared_hosts = {{site::host_kind::name, "x.test"}}});
}

std::string container(const std::string& host, const std::string& more = "") {
  return "container c-" + host + "\n  env VIRTUAL_HOST=" + host + "\n  network bridge 172.17.0.2\n" + more;
}

// The hosts that have a line, of those of a plan, where so many are many.
std::vector<std::string> lines_of(const std::string& text, std::size_t many) {
  std::vector<std::string> names;
  for (const auto& host : proxy::render_hosts(plan_of(text).vhosts, {.many_hosts = many})) {
    CHECK(host->name.empty() != host->blocks.empty());
    if (!host->name.empty()) names.push_back(host->name);
  }
  return names;
}

}  // namespace

TEST_CASE("hosts that want nothing special have lines from so many on") {
  const auto two = container("a.test") + container("*.b.test");
  CHECK(lines_of(two, 3).empty());
  CHECK(lines_of(two, 2) == std::vector<std::string>{"\"a.test\"", "\"*.b.test\""});
  CHECK(proxy::render_options().many_hosts == 500);
}

TEST_CASE("a host that wants something special has blocks among however many, and does not count") {
  for (const auto* special : {"  env VIRTUAL_PATH=/a\n", "  env VIRTUAL_DEST=/a\n", "  env VIRTUAL_PROTO=https\n",
                              "  env MAX_BODY=1m\n", "  env READ_TIMEOUT=1m\n", "  env KEEPALIVE=4\n",
                              "  env LOADBALANCE=ip_hash\n", "  env NETWORK_ACCESS=internal\n",
                              "  env MAINTENANCE=true\n", "  env SERVER_TOKENS=on\n", "  health unhealthy\n"}) {
    INFO(special);
    const auto plain = container("a.test") + container("b.test");
    CHECK(lines_of(plain + container("x.test", special), 2) == std::vector<std::string>{"\"a.test\"", "\"b.test\""});
    CHECK(lines_of(plain + container("x.test", special), 3).empty());
  }
  CHECK(lines_of(container("~^a\\.b"), 0).empty());
  CHECK(lines_of(container("x.test") + "container y\n  env VIRTUAL_HOST=x.test\n  network bridge 172.17.0.9\n", 0)
            .empty());
  CHECK(lines_of("container y\n  env VIRTUAL_HOST=x.test\n", 0).empty());  // no address
  CHECK(lines_of(container("x.test", "  env REDIRECT_WWW=true\n"), 0) == std::vector<std::string>{"\"x.test\""});
}

TEST_CASE("a host on ports of its own keeps its name on the usual ones, where it is not served") {
  const auto block_of = [](const std::string& words, bool has_tls) {
    auto options = proxy::render_options{.ipv6 = false, .access_log = {}};
    options.has_tls = has_tls;
    const auto text = proxy::render_vhost(plan_of(container("a.test", words)).vhosts.at(0), options);
    const auto closed = text.find("return 503");
    return closed == std::string::npos ? "" : text.substr(text.find("server {"), closed - text.find("server {"));
  };
  const auto begins = [](const std::string& text, const std::string& listen) {
    return text.starts_with("server {\n" + listen + "    server_name \"a.test\";\n");
  };
  const std::string http = "    listen 80;\n";
  const std::string https = "    listen 443 ssl http2;\n    ssl_reject_handshake on;\n";
  const std::string own_http = "  env EXTERNAL_HTTP_PORT=9080\n";
  const std::string own_https = "  env EXTERNAL_HTTPS_PORT=9443\n";
  CHECK(block_of("", true).empty());
  CHECK(begins(block_of(own_http, false), http));
  CHECK(begins(block_of(own_http, true), http));
  CHECK(begins(block_of(own_https, true), https));
  CHECK(begins(block_of(own_http + own_https, true), http + https));
  CHECK(block_of(own_https, false).empty());
  CHECK(block_of("  env EXTERNAL_HTTP_PORT=80\n", false).empty());  // the usual one
}

TEST_CASE("a name that is a parameter of nginx's map has blocks") {
  for (const auto* word : {"default", "hostnames", "include", "volatile"}) CHECK(lines_of(container(word), 0).empty());
}

TEST_CASE("a host config that is left out leaves the others as they are") {
  const auto hosts = proxy::render_hosts(
      plan_of(container("a.test") + container("b.test") + container("c.test")).vhosts, {.many_hosts = 0});
  const std::vector<proxy::shared_config> some = {hosts[0], hosts[2]};
  const auto text = proxy::compose(some, {});
  CHECK(text.find(proxy::map_line(*hosts[0])) != std::string::npos);
  CHECK(text.find("b.test") == std::string::npos);
  CHECK(text.find(proxy::map_line(*hosts[2])) != std::string::npos);
  CHECK(proxy::compose({}, {}) == proxy::render_preamble({}));
}

TEST_CASE("a host config is rendered again where its host or what all depend on is another, and only then") {
  proxy::render_cache book;
  const auto two = plan_of(container("a.test") + container("b.test"));
  const auto first = book.render(two.vhosts, {});
  CHECK(book.render(two.vhosts, {}) == first);
  auto hosts = two.vhosts.shared();
  hosts[1] = std::make_shared<const proxy::vhost>(*hosts[1]);
  const auto second = book.render(proxy::vhost_list(hosts), {});
  CHECK(second[0] == first[0]);
  CHECK(second[1] != first[1]);
  CHECK(*second[1] == *first[1]);
  for (const auto& options : {proxy::render_options{.http_port = 8080}, proxy::render_options{.many_hosts = 2},
                              proxy::render_options{.many_hosts = 3}}) {
    const auto now = book.render(two.vhosts, options);
    const auto fresh = proxy::render_hosts(two.vhosts, options);
    CHECK(std::ranges::equal(now, fresh, [](const auto& a, const auto& b) { return *a == *b; }));
  }
  CHECK(book.render(plan_of("").vhosts, {}).empty());
}

TEST_CASE("after a host config that could not be rendered, none made with other options is taken for one of now") {
  proxy::render_cache book;
  const auto one = plan_of(container("a.test"));
  const auto before = book.render(one.vhosts, {});
  proxy::render_options broken{.http_port = 8080};
  broken.access_log = "a\nb";
  CHECK_FALSE(book.render(one.vhosts, broken)[0]->fault.empty());
  CHECK(*book.render(one.vhosts, {})[0] == *before[0]);
  broken.access_log = "/a";
  CHECK(*book.render(one.vhosts, broken)[0] == *proxy::render_hosts(one.vhosts, broken)[0]);
}
