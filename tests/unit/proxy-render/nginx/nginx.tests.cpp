// SPDX-License-Identifier: LGPL-2.1-or-later
// A real `nginx -t` with the sysadmin's configuration around our candidate. Needs nginx; fails without it.
#include "proxy-render/nginx/nginx.h"

#include "process/run_program_async.h"
#include "proxy-render/files/certificates.h"
#include "proxy-render/nginx/reload.h"
#include "proxy-render/plan/planner.h"
#include "proxy-render/publish/check.h"
#include "proxy-render/publish/confirm.h"
#include "proxy-render/render/generation.h"
#include "proxy-render/render/render_cache.h"
#include "unit/proxy-render/compact.h"
#include "unit/proxy-render/judge.h"

#include <catch2/catch.hpp>

#include <algorithm>

namespace {

using namespace heberg;
using namespace heberg::proxy;
using test::judge;
using test::options_of;
using test::render_for;
using test::run;

plan one_host() {
  return make_plan(test::parse_containers("container a\n env VIRTUAL_HOST=a.test\n network n 127.0.0.1\n"), {});
}

// What the sysadmin gives to containers: host, container's name.
plan_options given(const std::vector<std::pair<std::string, std::string>>& names) {
  plan_options options;
  for (const auto& [host, container] : names)
    options.host_owners.emplace(std::get<site::host>(site::parse_host(host)), "container:" + container);
  return options;
}

}  // namespace

TEST_CASE("a candidate is tested with the rest of the configuration, and nothing is changed") {
  const test::private_nginx nginx;
  const auto good = judge(nginx, render({}, render_for(nginx)));
  INFO(good.message);
  CHECK(good.kind == config_test_result::kind::accepted);
  CHECK_FALSE(std::filesystem::exists(nginx.live()));
}

TEST_CASE("the live file does not count: it is what the candidate replaces") {
  const test::private_nginx nginx;
  test::write_file(nginx.live(), "nonsense;\n");
  CHECK(judge(nginx, render({}, render_for(nginx))).kind == config_test_result::kind::accepted);
  CHECK(test::read_file(nginx.live()) == "nonsense;\n");
}

TEST_CASE("a refusal names the live files, not their copies") {
  const test::private_nginx nginx;
  const auto refused = judge(nginx, "nonsense;\n");
  CHECK(refused.kind == config_test_result::kind::refused);
  INFO(refused.message);
  CHECK(refused.message.find("unknown directive \"nonsense\" in " + nginx.live() + ":1; ") != std::string::npos);
  CHECK(refused.message.find("file " + nginx.path("nginx.conf") + " test failed") != std::string::npos);
}

TEST_CASE("hosts with lines and hosts with blocks are chosen among by nginx's own rules") {
  const test::private_nginx nginx;
  auto options = render_for(nginx);
  options.many_hosts = 0;
  const auto port = "\n  env VIRTUAL_PORT=" + std::to_string(nginx.site_port) + "\n  network n 127.0.0.1\n";
  const auto plan =
      make_plan(test::parse_containers(
                    "container line\n  env VIRTUAL_HOST=a.test,b.a.test,*.w.test,w2.*" + port +
                    // No address, which shows who answers: 502.
                    "container blocks\n  env VIRTUAL_HOST=*.a.test,x.w.test,~^a\\.,~^r\\.\n  env MAX_BODY=1m\n"),
                given({{"w2.*", "line"}, {"*.a.test", "blocks"}, {"x.w.test", "blocks"}, {"~^a\\.", "blocks"}}));
  test::write_file(nginx.live(), render(plan.vhosts, options));
  const auto process = nginx.start();
  REQUIRE(test::wait_until([&nginx] { return !test::ask(nginx.port, "a.test").empty(); }));
  const struct {
    std::string host, status;
  } rows[] = {{"a.test", "200"},   {"A.TEST.", "200"},    {"b.a.test", "200"}, {"c.a.test", "502"}, {"x.w.test", "502"},
              {"y.w.test", "200"}, {"y.x.w.test", "200"}, {"w2.org", "200"},   {"r.test", "502"},   {"test", "503"}};
  for (const auto& row : rows) {
    INFO(row.host);
    CHECK(test::ask(nginx.port, row.host).substr(0, 12) == "HTTP/1.1 " + row.status);
  }
  const auto seen = test::ask(nginx.port, "y.w.test:8", "X-Forwarded-For: 6.6.6.6\r\n");
  CHECK(seen.find("host=y.w.test:8 for=127.0.0.1 proto=http real=127.0.0.1 forwarded= proxy= upgrade= connection=close "
                  "uri=/path?q\n") != std::string::npos);
}

TEST_CASE("the longest name that has a line fits into nginx's map as it is by default") {
  const test::private_nginx nginx;
  auto options = render_for(nginx);
  options.many_hosts = 0;
  std::string text;
  for (const std::size_t size : {std::size_t{45}, std::size_t{46}}) {
    text += "container c" + std::to_string(size) + "\n  env VIRTUAL_HOST=" + std::string(size - 5, 'x') +
            ".test\n  network n 127.0.0.1\n";
  }
  const auto plan = make_plan(test::parse_containers(text), {});
  const auto hosts = render_hosts(plan.vhosts, options);
  CHECK(std::ranges::count_if(hosts, [](const shared_config& host) { return !host->name.empty(); }) == 1);
  const auto result = judge(nginx, render(plan.vhosts, options));
  INFO(result.message);
  CHECK(result.kind == config_test_result::kind::accepted);
}

namespace {

struct fetched {
  int exit = -1;
  std::string text;  // headers, body, and what curl says of the connection
};

fetched fetch(const std::string& scheme, const std::string& host, int port, const std::string& tls_max = "default") {
  auto result = run(run_program_async(
      {"curl", "-skvi", "--tls-max", tls_max, "--max-time", "5", "--resolve",
       host + ":" + std::to_string(port) + ":127.0.0.1", scheme + "://" + host + ":" + std::to_string(port) + "/x"},
      std::chrono::seconds(10)));
  return {result.status, std::move(result.output)};
}

}  // namespace

TEST_CASE("a site with a certificate is served over TLS as it requests, and an unknown name sees no certificate") {
  const test::private_nginx nginx;
  auto options = render_for(nginx);
  options.https_port = static_cast<std::uint16_t>(test::free_port());
  options.certs = nginx.path("certs");
  std::filesystem::create_directory(nginx.folder / "certs");
  test::make_certificate(nginx.folder / "certs", "a.test");
  test::make_certificate(nginx.folder / "certs", "b.test");
  const auto site = [&nginx](const std::string& words) {
    return "\n  env VIRTUAL_PORT=" + std::to_string(nginx.site_port) + "\n  network n 127.0.0.1\n" + words;
  };
  const auto plan = make_plan(
      test::parse_containers("container a\n  env VIRTUAL_HOST=a.test" + site("") +
                             "container b\n  env VIRTUAL_HOST=b.test" + site("  env HTTPS_METHOD=noredirect\n") +
                             "container c\n  env VIRTUAL_HOST=x.b.test" + site("  env HTTPS_METHOD=nohttp\n") +
                             "container d\n  env VIRTUAL_HOST=y.a.test" + site("  env HTTPS_METHOD=nohttps\n") +
                             "container e\n  env VIRTUAL_HOST=e.test" + site("")),
      {.sites = {}, .own_ports = {}, .certificates = list_certificates(options.certs)});
  test::write_file(nginx.live(), render(plan.vhosts, options));
  const auto process = nginx.start();
  REQUIRE(test::wait_until([&nginx] { return !test::ask(nginx.port, "a.test").empty(); }));
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  const auto https = [&](const std::string& host) { return fetch("https", host, options.https_port); };
  const auto http = [&](const std::string& host) { return fetch("http", host, nginx.port); };
  constexpr int handshake_failed = 35;

  const auto a = https("a.test");
  INFO(a.text);
  CHECK(has(a.text, "HTTP/2 200"));
  CHECK(has(a.text, "CN=a.test"));
  CHECK(has(a.text, "strict-transport-security: max-age=31536000"));
  CHECK(has(a.text, "proto=https"));
  CHECK(has(http("a.test").text, "Location: https://a.test:" + std::to_string(options.https_port) + "/x"));

  CHECK(has(http("b.test").text, "HTTP/1.1 200"));
  CHECK(has(https("b.test").text, "HTTP/2 200"));
  CHECK_FALSE(has(https("b.test").text, "strict-transport-security"));
  CHECK(has(https("x.b.test").text, "CN=b.test"));
  CHECK(has(http("x.b.test").text, "HTTP/1.1 503"));
  CHECK(has(http("y.a.test").text, "HTTP/1.1 200"));
  CHECK(has(http("e.test").text, "HTTP/1.1 200"));
  for (const auto* host : {"y.a.test", "e.test", "nobody.test"}) CHECK(https(host).exit == handshake_failed);
}

TEST_CASE("a site of the modern policy gives nothing to who speaks TLS 1.2, whatever its neighbour allows") {
  const test::private_nginx nginx;
  auto options = render_for(nginx);
  options.https_port = static_cast<std::uint16_t>(test::free_port());
  options.certs = nginx.path("certs");
  std::filesystem::create_directory(nginx.folder / "certs");
  for (const auto* name : {"modern.test", "other.test", "own.test"})
    test::make_certificate(nginx.folder / "certs", name);
  const auto own = static_cast<std::uint16_t>(test::free_port());
  const auto site = "\n  env VIRTUAL_PORT=" + std::to_string(nginx.site_port) + "\n  network n 127.0.0.1\n";
  const auto plan =
      make_plan(test::parse_containers("container a\n  env VIRTUAL_HOST=modern.test\n  env SSL_POLICY=Mozilla-Modern" +
                                       site + "container b\n  env VIRTUAL_HOST=other.test" + site +
                                       "container c\n  env VIRTUAL_HOST=own.test\n  env EXTERNAL_HTTPS_PORT=" +
                                       std::to_string(own) + site),
                {.sites = {},
                 .own_ports = {},
                 .certificates = list_certificates(options.certs),
                 .external_ports = {{1024, 65535}}});
  test::write_file(nginx.live(), render(plan.vhosts, options));
  const auto process = nginx.start();
  REQUIRE(test::wait_until([&nginx] { return !test::ask(nginx.port, "other.test").empty(); }));
  const auto served = [&](const std::string& host, int port, const std::string& tls) {
    const auto answer = fetch("https", host, port, tls);
    INFO(answer.text);
    return answer.text.find("host=" + host) != std::string::npos;
  };
  CHECK(served("modern.test", options.https_port, "1.3"));
  CHECK_FALSE(served("modern.test", options.https_port, "1.2"));
  CHECK(served("other.test", options.https_port, "1.2"));
  // A host on a port of its own, and the redirect that leads there.
  CHECK(served("own.test", own, "1.3"));
  CHECK(fetch("http", "own.test", nginx.port).text.find("Location: https://own.test:" + std::to_string(own) + "/x") !=
        std::string::npos);
  CHECK(fetch("https", "other.test", own).exit == 35);  // the handshake is refused
  CHECK_FALSE(served("own.test", options.https_port, "1.3"));
}

TEST_CASE("unknown names are the default host's over http, while it is there and where nginx accepts that") {
  const test::private_nginx nginx;
  auto options = render_for(nginx);
  options.https_port = static_cast<std::uint16_t>(test::free_port());
  options.certs = nginx.path("certs");
  options.many_hosts = 0;
  std::filesystem::create_directory(nginx.folder / "certs");
  test::make_certificate(nginx.folder / "certs", "a.test");
  test::make_certificate(nginx.folder / "certs", "c.test");
  const auto site = "\n  env VIRTUAL_PORT=" + std::to_string(nginx.site_port) + "\n  network n 127.0.0.1\n";
  const auto containers = test::parse_containers(
      "container a\n  env VIRTUAL_HOST=a.test" + site + "container b\n  env VIRTUAL_HOST=b.test" + site +
      "container c\n  env VIRTUAL_HOST=c.test" + site + "  env HTTPS_METHOD=nohttp\n");
  const auto text_of = [&](const std::string& default_host) {
    const auto plan = make_plan(containers, {.sites = {},
                                             .own_ports = {},
                                             .certificates = list_certificates(options.certs),
                                             .default_host = std::get<site::host>(site::parse_host(default_host))});
    return render(plan.vhosts, options);
  };
  test::write_file(nginx.live(), text_of("b.test"));
  const auto process = nginx.start();
  REQUIRE(test::wait_until([&nginx] { return !test::ask(nginx.port, "b.test").empty(); }));
  using Catch::Contains;
  const auto serve = [&](const std::string& default_host) {
    test::write_file(nginx.live(), text_of(default_host));
    REQUIRE(run(reload_nginx(by_pid_file{nginx.path("nginx.pid")}, "")).what == reload_status::requested);
  };
  CHECK_THAT(test::ask(nginx.port, "nobody.test"), Contains("200 OK") && Contains("host=nobody.test"));
  CHECK_THAT(test::ask(nginx.port, "c.test"), Contains("503"));         // its own name, served elsewhere
  CHECK(fetch("https", "nobody.test", options.https_port).exit == 35);  // nobody's certificate
  serve("a.test");
  CHECK(test::wait_until([&] { return test::ask(nginx.port, "nobody.test").find(" 301 ") != std::string::npos; }));
  for (const auto* other : {"c.test", "gone.test"}) {  // not over http; not there
    INFO(other);
    serve("b.test");
    CHECK(test::wait_until([&] { return test::ask(nginx.port, "nobody.test").find(" 200 ") != std::string::npos; }));
    serve(other);
    CHECK(test::wait_until([&] { return test::ask(nginx.port, "nobody.test").find(" 503 ") != std::string::npos; }));
  }
}

TEST_CASE(
    "a text shows its generation on the loopback whichever container requests its name, and another text is stale") {
  const test::private_nginx nginx;
  auto options = render_for(nginx);
  options.has_generation = true;
  const auto text_of = [&](const std::string& host) {
    const auto plan =
        make_plan(test::parse_containers("container a\n  env VIRTUAL_HOST=" + host + "\n  network n 127.0.0.1\n"), {});
    return render(plan.vhosts, options);
  };
  const generation_port port{.number = static_cast<std::uint16_t>(nginx.port)};
  const auto confirm = [&](const std::string& text, const std::function<bool()>& has_news = {}) {
    return run(confirm_generation(port, generation_of(text), std::chrono::milliseconds(1500), has_news));
  };
  const auto first = text_of("a.test");
  const auto second = text_of(k_generation_host);
  REQUIRE(generation_of(first) != generation_of(second));
  CHECK(confirm(first) == confirmation::silent);
  test::write_file(nginx.live(), first);
  const auto process = nginx.start();
  CHECK(confirm(first) == confirmation::served);
  CHECK(test::get(nginx, k_generation_host, "/", {"--interface", "127.0.0.2"}).find("503") != std::string::npos);
  CHECK(test::get(nginx, k_generation_host, "/", {"--interface", "127.0.0.2"}).find("not the loopback") !=
        std::string::npos);
  test::write_file(nginx.live(), second);
  CHECK(confirm(second) == confirmation::stale);
  CHECK(confirm(second, [] { return false; }) == confirmation::stale);
  CHECK(confirm(second, [] { return true; }) == confirmation::outdated);
  CHECK(confirm(first, [] { return true; }) == confirmation::served);
  REQUIRE(run(reload_nginx(by_pid_file{nginx.path("nginx.pid")}, "")).what == reload_status::requested);
  CHECK(confirm(second) == confirmation::served);
}

TEST_CASE("a fault elsewhere is seen in the whole, not alone") {
  const test::private_nginx nginx;
  test::write_file(nginx.folder / "sites-enabled/theirs", "nonsense;\n");
  const auto text = render({}, render_for(nginx));
  CHECK(judge(nginx, text).kind == config_test_result::kind::refused);
  CHECK(judge(nginx, text, test_scope::alone).kind == config_test_result::kind::accepted);
}

TEST_CASE("a main configuration of another name is tested, and an nginx.conf beside it is not touched") {
  const test::private_nginx nginx;
  std::filesystem::rename(nginx.folder / "nginx.conf", nginx.folder / "front.conf");
  test::write_file(nginx.folder / "nginx.conf", "# the sysadmin's own\n");
  test::write_file(nginx.folder / "conf.d/.heberg.conf.tmp", render({}, render_for(nginx)));
  const auto result = run(test_config({.command = {"nginx", "-c", nginx.path("front.conf")}, .live = nginx.live()},
                                      nginx.path("conf.d/.heberg.conf.tmp"), test_scope::whole));
  INFO(result.message);
  CHECK(result.kind == config_test_result::kind::accepted);
  CHECK(test::read_file(nginx.folder / "nginx.conf") == "# the sysadmin's own\n");
}

TEST_CASE("Debian's default site and hash sizes set in nginx.conf make ours give way, and nothing worse") {
  const test::private_nginx nginx;
  nginx.write_config("server_names_hash_bucket_size 64;\n");
  test::write_file(nginx.folder / "sites-enabled/default",
                   "server { listen " + std::to_string(nginx.port) + " default_server; }\n");
  CHECK(find_faults(one_host(), render_for(nginx), options_of(nginx)).empty());
}

TEST_CASE("the command line: --check names a host that only nginx refuses") {
  const test::private_nginx nginx;
  nginx.write_config("server_names_hash_bucket_size 64;\n");
  const auto with_long =
      make_plan(test::parse_containers(
                    "container a\n env VIRTUAL_HOST=a.test\n network n 127.0.0.1\ncontainer b\n env VIRTUAL_HOST=" +
                    std::string(60, 'b') + "." + std::string(60, 'b') + ".test\n network n 127.0.0.1\n"),
                {});
  const auto faults = find_faults(with_long, render_for(nginx), options_of(nginx));
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].find("bbbb.test") != std::string::npos);
}

TEST_CASE("an nginx that is not there, or dies, gives no config_test_result") {
  const test::private_nginx nginx;
  auto options = options_of(nginx);
  options.command = {"/nonexistent/nginx"};
  CHECK(run(test_config(options, "/dev/null", test_scope::whole)).kind == config_test_result::kind::not_installed);
  CHECK(run(test_config(options, "/dev/null", test_scope::alone)).kind == config_test_result::kind::not_installed);
  options.command = {"sh", "-c", "kill -KILL $$"};
  CHECK(run(test_config(options, "/dev/null", test_scope::whole)).kind == config_test_result::kind::failed);
}

TEST_CASE("a name is its owner's over http and over TLS, whichever wildcard it matches") {
  const test::private_nginx nginx;
  auto options = render_for(nginx);
  options.https_port = static_cast<std::uint16_t>(test::free_port());
  options.many_hosts = GENERATE(std::size_t{0}, std::size_t{500});
  const auto own_port = test::free_port();
  options.certs = nginx.path("certs");
  std::filesystem::create_directory(options.certs);
  const auto made =
      run(run_program_async({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                             "/CN=wild", "-keyout", options.certs + "/wild.key", "-out", options.certs + "/wild.crt"},
                            std::chrono::seconds(20)));
  REQUIRE(made.status == 0);
  const auto site = "\n  env VIRTUAL_PORT=" + std::to_string(nginx.site_port) + "\n  network n 127.0.0.1\n";
  const auto plan = make_plan(
      test::parse_containers("container wild\n  env VIRTUAL_HOST=*.w.test\n  env CERT_NAME=wild\n  env "
                             "HTTPS_METHOD=noredirect" +
                             site + "container plain\n  env VIRTUAL_HOST=plain.w.test" + site +
                             "container only\n  env VIRTUAL_HOST=only.w.test\n  env CERT_NAME=wild\n  env "
                             "HTTPS_METHOD=nohttp" +
                             site + "container port\n  env VIRTUAL_HOST=port.w.test\n  env EXTERNAL_HTTP_PORT=" +
                             std::to_string(own_port) + site),
      {.sites = {},
       .own_ports = {},
       .certificates = list_certificates(options.certs),
       .external_ports = {{1024, 65535}},
       .host_owners =
           given({{"plain.w.test", "plain"}, {"only.w.test", "only"}, {"port.w.test", "port"}}).host_owners});
  test::write_file(nginx.live(), render(plan.vhosts, options));
  const auto process = nginx.start();
  REQUIRE(test::wait_until([&nginx] { return !test::ask(nginx.port, "plain.w.test").empty(); }));
  const auto over_tls = [&](const std::string& host) {
    return run(run_program_async({"curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "5",
                                  "--resolve", host + ":" + std::to_string(options.https_port) + ":127.0.0.1",
                                  "https://" + host + ":" + std::to_string(options.https_port) + "/"},
                                 std::chrono::seconds(10)))
        .output;
  };
  const auto over_http = [&](const std::string& host) { return test::ask(nginx.port, host).substr(9, 3); };
  CHECK(over_http("x.w.test") == "200");
  CHECK(over_tls("x.w.test") == "200");
  CHECK(over_http("plain.w.test") == "200");
  CHECK(over_tls("plain.w.test") == "000");
  CHECK(over_http("only.w.test") == "503");
  CHECK(over_tls("only.w.test") == "200");
  CHECK(over_http("port.w.test") == "503");
  CHECK(over_tls("port.w.test") == "000");
  CHECK(test::ask(own_port, "port.w.test").substr(9, 3) == "200");
  CHECK(test::ask(own_port, "plain.w.test").substr(9, 3) == "503");
}
