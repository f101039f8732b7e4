// SPDX-License-Identifier: LGPL-2.1-or-later
// A real `nginx -t` with the sysadmin's configuration around our candidate. Needs nginx; fails without it.
#include "proxy-render/nginx.h"

#include "proxy-render/certificates.h"
#include "proxy-render/check.h"
#include "proxy-render/confirm.h"
#include "proxy-render/process.h"
#include "proxy-render/reload.h"
#include "unit/proxy-render/compact.h"
#include "unit/proxy-render/private_nginx.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <algorithm>

namespace {

using namespace heberg;
using namespace heberg::proxy;

template <class result>
result run(boost::asio::awaitable<result> what) {
  boost::asio::io_context io;
  result end{};
  boost::asio::co_spawn(io, std::move(what), [&end](std::exception_ptr error, result found) {
    if (error) std::rethrow_exception(error);
    end = std::move(found);
  });
  io.run();
  return end;
}

nginx_options options_of(const test::private_nginx& nginx) {
  return {.command = {"nginx", "-c", nginx.path("nginx.conf")}, .live = nginx.live()};
}

verdict judge(const test::private_nginx& nginx, const std::string& text, enum scope scope = scope::whole) {
  test::write_file(nginx.folder / "conf.d/.heberg.conf.tmp", text);
  return run(ask_nginx(options_of(nginx), nginx.path("conf.d/.heberg.conf.tmp"), scope));
}

render_options render_for(const test::private_nginx& nginx) {
  return {.http_port = static_cast<std::uint16_t>(nginx.port),
          .ipv6 = false,
          .max_body = 1,
          .access_log = nginx.path("access.log"),
          .frame = {}};
}

plan one_host() {
  return make_plan(test::parse_containers("container a\n env VIRTUAL_HOST=a.test\n network n 127.0.0.1\n"), {});
}

}  // namespace

TEST_CASE("a candidate is judged with the rest of the configuration, and nothing is changed") {
  const test::private_nginx nginx;
  const auto good = judge(nginx, render({}, render_for(nginx)));
  INFO(good.message);
  CHECK(good.kind == verdict::kind::accepted);
  CHECK_FALSE(std::filesystem::exists(nginx.live()));
}

TEST_CASE("the live file does not count: it is what the candidate replaces") {
  const test::private_nginx nginx;
  test::write_file(nginx.live(), "nonsense;\n");
  CHECK(judge(nginx, render({}, render_for(nginx))).kind == verdict::kind::accepted);
  CHECK(test::read_file(nginx.live()) == "nonsense;\n");
}

TEST_CASE("a refusal names the live files, not their copies") {
  const test::private_nginx nginx;
  const auto refused = judge(nginx, "nonsense;\n");
  CHECK(refused.kind == verdict::kind::refused);
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
                {});
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
  CHECK(std::ranges::count_if(hosts, [](const host_text& host) { return !host.name.empty(); }) == 1);
  const auto verdict = judge(nginx, render(plan.vhosts, options));
  INFO(verdict.message);
  CHECK(verdict.kind == verdict::kind::accepted);
}

namespace {

struct fetched {
  int exit = -1;
  std::string text;  // headers, body, and what curl says of the connection
};

fetched fetch(const std::string& scheme, const std::string& host, int port, const std::string& tls_max = "default") {
  auto result = run(run_program(
      {"curl", "-skvi", "--tls-max", tls_max, "--max-time", "5", "--resolve",
       host + ":" + std::to_string(port) + ":127.0.0.1", scheme + "://" + host + ":" + std::to_string(port) + "/x"},
      std::chrono::seconds(10)));
  return {result.status, std::move(result.output)};
}

}  // namespace

TEST_CASE("a site with a certificate is served over TLS as it says, and an unknown name sees nobody's certificate") {
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
                {.sites = {}, .own_ports = {}, .certificates = list_certificates(options.certs)});
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

TEST_CASE("the sysadmin's files for a host: read into its server and its locations, and who gets in") {
  const test::private_nginx nginx;
  auto options = render_for(nginx);
  options.acme = nginx.path("acme");
  std::filesystem::create_directories(nginx.folder / "acme/.well-known/acme-challenge");
  test::write_file(nginx.folder / "acme/.well-known/acme-challenge/token", "the answer\n");
  for (const auto* folder : {"vhost.d", "htpasswd"}) std::filesystem::create_directory(nginx.folder / folder);
  test::write_file(nginx.folder / "vhost.d/a.test", "location = /theirs { return 200 \"their server\"; }\n");
  test::write_file(nginx.folder / "vhost.d/a.test_location", "add_header X-Theirs yes;\n");
  test::write_file(nginx.folder / "htpasswd/b.test", "user:{PLAIN}secret\n");
  test::write_file(nginx.folder / "htpasswd/c.test", "");
  std::filesystem::permissions(nginx.folder.path(), std::filesystem::perms::all);
  const auto site = "\n  env VIRTUAL_PORT=" + std::to_string(nginx.site_port) + "\n  network n 127.0.0.1\n";
  const auto plan = make_plan(test::parse_containers("container a\n  env VIRTUAL_HOST=a.test" + site +
                                                     "container b\n  env VIRTUAL_HOST=b.test" + site +
                                                     "container c\n  env VIRTUAL_HOST=c.test" + site),
                              {.sites = {},
                               .own_ports = {},
                               .vhost_d = list_host_files(nginx.path("vhost.d")),
                               .htpasswd = list_host_files(nginx.path("htpasswd"))});
  test::write_file(nginx.live(), render(plan.vhosts, options));
  const auto process = nginx.start();
  REQUIRE(test::wait_until([&nginx] { return !test::ask(nginx.port, "a.test").empty(); }));
  const auto get = [&](const std::string& host, const std::string& path, const std::string& user = "") {
    std::vector<std::string> words = {"curl", "-si",       "--max-time",
                                      "5",    "--resolve", host + ":" + std::to_string(nginx.port) + ":127.0.0.1"};
    if (!user.empty()) words.insert(words.end(), {"-u", user});
    words.push_back("http://" + host + ":" + std::to_string(nginx.port) + path);
    return run(run_program(words, std::chrono::seconds(10))).output;
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(get("a.test", "/theirs"), Contains("their server"));
  CHECK_THAT(get("a.test", "/x"), Contains("X-Theirs: yes") && Contains("host=a.test"));
  CHECK_THAT(get("b.test", "/x"), Contains("HTTP/1.1 401"));
  CHECK_THAT(get("b.test", "/x", "user:wrong"), Contains("HTTP/1.1 401"));
  CHECK_THAT(get("b.test", "/x", "user:secret"), Contains("HTTP/1.1 200"));
  CHECK_THAT(get("c.test", "/x", "user:secret"), Contains("HTTP/1.1 401"));  // nobody is in it
  // A challenge is answered for all of them, and for a name that nobody serves; nothing else of the webroot is.
  for (const auto* host : {"a.test", "b.test", "nobody.test"}) {
    CHECK_THAT(get(host, "/.well-known/acme-challenge/token"), Contains("HTTP/1.1 200") && Contains("the answer"));
    CHECK_THAT(get(host, "/.well-known/acme-challenge/none"), Contains("HTTP/1.1 404"));
  }
  CHECK_THAT(get("nobody.test", "/"), Contains("HTTP/1.1 503"));
}

TEST_CASE("a file of the sysadmin's that nginx refuses costs its own host alone") {
  const test::private_nginx nginx;
  std::filesystem::create_directory(nginx.folder / "vhost.d");
  test::write_file(nginx.folder / "vhost.d/b.test", "nonsense;\n");
  test::write_file(nginx.folder / "vhost.d/c.test_location", "} location /x {\n");
  const auto site = std::string("\n  network n 127.0.0.1\n");
  const auto plan = make_plan(test::parse_containers("container a\n  env VIRTUAL_HOST=a.test" + site +
                                                     "container b\n  env VIRTUAL_HOST=b.test" + site +
                                                     "container c\n  env VIRTUAL_HOST=c.test" + site),
                              {.sites = {}, .own_ports = {}, .vhost_d = list_host_files(nginx.path("vhost.d"))});
  const auto faults = find_faults(plan, render_for(nginx), options_of(nginx));
  REQUIRE(faults.size() == 2);
  using Catch::Matchers::Contains;
  CHECK_THAT(faults[0], Contains("b.test") && Contains("vhost.d/b.test:1"));
  CHECK_THAT(faults[1], Contains("c.test") && Contains("vhost.d/c.test_location:1"));
}

TEST_CASE("what a file of the sysadmin's says itself takes the place of ours") {
  const test::private_nginx nginx;
  std::filesystem::create_directory(nginx.folder / "vhost.d");
  const std::string server = "client_max_body_size 1g;\nserver_tokens on;\nssl_protocols TLSv1.3;\n";
  const std::string location = "proxy_read_timeout 1h;\nproxy_http_version 1.0;\n";
  test::write_file(nginx.folder / "vhost.d/default", server);
  test::write_file(nginx.folder / "vhost.d/default_location", location);
  test::write_file(nginx.folder / "vhost.d/b.test", server);
  test::write_file(nginx.folder / "vhost.d/b.test_location", location);
  auto options = render_for(nginx);
  options.many_hosts = GENERATE(std::size_t{0}, std::size_t{500});
  const auto plan =
      make_plan(test::parse_containers("container a\n  env VIRTUAL_HOST=a.test,b.test\n  network n 127.0.0.1\n"),
                {.sites = {}, .own_ports = {}, .vhost_d = list_host_files(nginx.path("vhost.d"))});
  CHECK(find_faults(plan, options, options_of(nginx)).empty());
  options.defaults = plan.defaults;
  const auto text = render(plan.vhosts, options);
  CHECK(text.find("client_max_body_size") == std::string::npos);
  CHECK(text.find("include \"" + nginx.path("vhost.d/default") + "\";") != std::string::npos);
  CHECK(text.find("include \"" + nginx.path("vhost.d/default_location") + "\";") != std::string::npos);
  CHECK(text.find("include \"" + nginx.path("vhost.d/b.test_location") + "\";") != std::string::npos);
}

TEST_CASE("a default file that nginx refuses is named, and costs no host") {
  const test::private_nginx nginx;
  std::filesystem::create_directory(nginx.folder / "vhost.d");
  test::write_file(nginx.folder / "vhost.d/default", "location / {\n}\n");  // twice, with ours
  test::write_file(nginx.folder / "vhost.d/default_location", "add_header X-Theirs yes;\n");
  const auto plan = make_plan(test::parse_containers("container a\n  env VIRTUAL_HOST=a.test\n  network n 127.0.0.1\n"),
                              {.sites = {}, .own_ports = {}, .vhost_d = list_host_files(nginx.path("vhost.d"))});
  const bool foreign = GENERATE(false, true);
  if (foreign) test::write_file(nginx.folder / "sites-enabled/theirs", "nonsense;\n");
  const auto faults = find_faults(plan, render_for(nginx), options_of(nginx));
  REQUIRE(faults.size() == (foreign ? 2 : 1));
  using Catch::Matchers::Contains;
  CHECK_THAT(faults[0],
             Contains("nginx refuses " + nginx.path("vhost.d/default") + ": ") && Contains("duplicate location"));
  if (foreign) CHECK_THAT(faults[1], Contains("its own configuration"));
}

TEST_CASE("a text tells its generation on the loopback whoever claims its name, and another text is stale") {
  const test::private_nginx nginx;
  auto options = render_for(nginx);
  options.tells_generation = true;
  const auto text_of = [&](const std::string& host) {
    const auto plan =
        make_plan(test::parse_containers("container a\n  env VIRTUAL_HOST=" + host + "\n  network n 127.0.0.1\n"), {});
    return render(plan.vhosts, options);
  };
  const auto port = static_cast<std::uint16_t>(nginx.port);
  const auto confirm = [&](const std::string& text) {
    return run(confirm_generation(port, generation_of(text), std::chrono::milliseconds(1500)));
  };
  const auto first = text_of("a.test");
  const auto second = text_of(k_generation_host);
  REQUIRE(generation_of(first) != generation_of(second));
  CHECK(confirm(first) == confirmation::silent);
  test::write_file(nginx.live(), first);
  const auto process = nginx.start();
  CHECK(confirm(first) == confirmation::served);
  test::write_file(nginx.live(), second);
  CHECK(confirm(second) == confirmation::stale);
  REQUIRE(run(reload_nginx(by_pid_file{nginx.path("nginx.pid")}, "")).what == telling::told);
  CHECK(confirm(second) == confirmation::served);
}

TEST_CASE("a fault elsewhere is seen in the whole, not alone") {
  const test::private_nginx nginx;
  test::write_file(nginx.folder / "sites-enabled/theirs", "nonsense;\n");
  const auto text = render({}, render_for(nginx));
  CHECK(judge(nginx, text).kind == verdict::kind::refused);
  CHECK(judge(nginx, text, scope::alone).kind == verdict::kind::accepted);
}

TEST_CASE("a main configuration of another name is judged, and an nginx.conf beside it is not touched") {
  const test::private_nginx nginx;
  std::filesystem::rename(nginx.folder / "nginx.conf", nginx.folder / "front.conf");
  test::write_file(nginx.folder / "nginx.conf", "# the sysadmin's own\n");
  test::write_file(nginx.folder / "conf.d/.heberg.conf.tmp", render({}, render_for(nginx)));
  const auto verdict = run(ask_nginx({.command = {"nginx", "-c", nginx.path("front.conf")}, .live = nginx.live()},
                                     nginx.path("conf.d/.heberg.conf.tmp"), scope::whole));
  INFO(verdict.message);
  CHECK(verdict.kind == verdict::kind::accepted);
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

TEST_CASE("an nginx that is not there, or dies, gives no verdict") {
  const test::private_nginx nginx;
  auto options = options_of(nginx);
  options.command = {"/nonexistent/nginx"};
  CHECK(run(ask_nginx(options, "/dev/null", scope::whole)).kind == verdict::kind::not_installed);
  CHECK(run(ask_nginx(options, "/dev/null", scope::alone)).kind == verdict::kind::not_installed);
  options.command = {"sh", "-c", "kill -KILL $$"};
  CHECK(run(ask_nginx(options, "/dev/null", scope::whole)).kind == verdict::kind::failed);
}
