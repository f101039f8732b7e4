// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's own files, put to a real nginx.
#include "proxy-render/plan/planner.h"
#include "proxy-render/publish/check.h"
#include "proxy-render/render/render_cache.h"
#include "unit/proxy-render/compact.h"
#include "unit/proxy-render/judge.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg;
using namespace heberg::proxy;
using test::get;
using test::options_of;
using test::render_for;

}  // namespace

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
  using Catch::Contains;
  CHECK_THAT(get(nginx, "a.test", "/theirs"), Contains("their server"));
  CHECK_THAT(get(nginx, "a.test", "/x"), Contains("X-Theirs: yes") && Contains("host=a.test"));
  CHECK_THAT(get(nginx, "b.test", "/x"), Contains("HTTP/1.1 401"));
  CHECK_THAT(get(nginx, "b.test", "/x", {"-u", "user:wrong"}), Contains("HTTP/1.1 401"));
  CHECK_THAT(get(nginx, "b.test", "/x", {"-u", "user:secret"}), Contains("HTTP/1.1 200"));
  CHECK_THAT(get(nginx, "c.test", "/x", {"-u", "user:secret"}), Contains("HTTP/1.1 401"));  // nobody is in it
  // A challenge is answered for all of them, and for a name that nobody serves; nothing else of the webroot is.
  for (const auto* host : {"a.test", "b.test", "nobody.test"}) {
    CHECK_THAT(get(nginx, host, "/.well-known/acme-challenge/token"),
               Contains("HTTP/1.1 200") && Contains("the answer"));
    CHECK_THAT(get(nginx, host, "/.well-known/acme-challenge/none"), Contains("HTTP/1.1 404"));
  }
  CHECK_THAT(get(nginx, "nobody.test", "/"), Contains("HTTP/1.1 503"));
}

TEST_CASE("a file of the sysadmin's that nginx refuses affects its own host alone") {
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
  using Catch::Contains;
  CHECK_THAT(faults[0], Contains("b.test") && Contains("vhost.d/b.test:1"));
  CHECK_THAT(faults[1], Contains("c.test") && Contains("vhost.d/c.test_location:1"));
}

TEST_CASE("the directives of a file of the sysadmin's replace ours") {
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

TEST_CASE("a default file that nginx refuses is named, and affects no host") {
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
  using Catch::Contains;
  CHECK_THAT(faults[0],
             Contains("nginx refuses " + nginx.path("vhost.d/default") + ": ") && Contains("duplicate location"));
  if (foreign) CHECK_THAT(faults[1], Contains("its own configuration"));
}

TEST_CASE("a page of the sysadmin's replaces nginx's own error pages, and none of a site's") {
  const test::private_nginx nginx;
  std::filesystem::create_directory(nginx.folder / "errors");
  test::write_file(nginx.folder / "errors/50x.html", "<h1>ours</h1>\n");
  std::filesystem::create_directory(nginx.folder / "htpasswd");
  test::write_file(nginx.folder / "htpasswd/locked.test", "user:{PLAIN}secret\n");
  std::filesystem::permissions(nginx.folder.path(), std::filesystem::perms::all);
  const auto port = "\n  env VIRTUAL_PORT=" + std::to_string(nginx.site_port) + "\n  network n 127.0.0.1\n";
  auto options = render_for(nginx);
  options.max_body = 1000;
  options.many_hosts = GENERATE(std::size_t{0}, std::size_t{500});
  const auto plan = make_plan(
      test::parse_containers("container up\n  env VIRTUAL_HOST=up.test" + port +
                             "container nowhere\n  env VIRTUAL_HOST=nowhere.test\n"
                             "container ill\n  env VIRTUAL_HOST=ill.test,locked.test\n  health unhealthy" +
                             port + "container work\n  env VIRTUAL_HOST=work.test\n  env MAINTENANCE=yes" + port),
      {.sites = {},
       .own_ports = {},
       .htpasswd = list_host_files(nginx.path("htpasswd")),
       .errors = list_plain_files(nginx.path("errors"), read_by::workers)});
  CHECK(find_faults(plan, options, options_of(nginx)).empty());
  options.defaults = plan.defaults;
  test::write_file(nginx.live(), render(plan.vhosts, options));
  const auto process = nginx.start();
  REQUIRE(test::wait_until([&nginx] { return !test::ask(nginx.port, "up.test").empty(); }));

  using Catch::Contains;
  const auto shows_ours = [](const std::string& answer) {
    return answer.find("<h1>ours</h1>") != std::string::npos && answer.find("Retry-After: 60") != std::string::npos &&
           answer.find("Content-Type: text/html") != std::string::npos;
  };
  const struct {
    const char *host, *path, *status;
    bool ours;
  } rows[] = {{"nowhere.test", "/", "502", true},
              {"ill.test", "/x", "503", true},
              {"locked.test", "/x", "503", true},
              {"nobody.test", "/", "503", true},
              {"work.test", "/", "503", false},
              {"up.test", "/path", "200", false},
              {"up.test", "/heberg-50x.html", "404", false}};
  for (const auto& row : rows) {
    INFO(row.host << row.path);
    const auto answer = get(nginx, row.host, row.path);
    CHECK_THAT(answer, Contains(std::string("HTTP/1.1 ") + row.status));
    CHECK(shows_ours(answer) == row.ours);
  }
  const auto posted = get(nginx, "nowhere.test", "/", {"-d", "a=b"});
  CHECK_THAT(posted, Contains("HTTP/1.1 502"));
  CHECK(shows_ours(posted));
}

TEST_CASE(
    "files of the http level hold for all hosts and files after them, and one that nginx refuses affects no host") {
  const test::private_nginx nginx;
  for (const auto* folder : {"conf.d.theirs", "vhost.d"}) std::filesystem::create_directory(nginx.folder / folder);
  const auto file = [&](const char* name) { return nginx.folder / "conf.d.theirs" / name; };
  test::write_file(file("10-map.conf"), "map $uri $theirs { default yes; }\n");
  test::write_file(file("20-Broken.conf"), "nonsense;\n");
  test::write_file(file("30-server.conf"), "server_names_hash_max_size 1024;\nserver {\n listen " +
                                               std::to_string(nginx.port) + " default_server;\n return 418;\n}\n");
  test::write_file(file("40-linked.conf"), "");
  std::filesystem::remove(file("40-linked.conf"));
  std::filesystem::create_symlink("/etc/hosts", file("40-linked.conf"));
  test::write_file(file("readme.txt"), "no configuration\n");
  test::write_file(nginx.folder / "vhost.d/default_location", "add_header X-Theirs $theirs;\n");
  auto options = render_for(nginx);
  const auto plan = make_plan(
      test::parse_containers("container a\n  env VIRTUAL_HOST=a.test\n  network n 127.0.0.1\n  env VIRTUAL_PORT=" +
                             std::to_string(nginx.site_port)),
      {.sites = {},
       .own_ports = {},
       .vhost_d = list_host_files(nginx.path("vhost.d")),
       .conf_d = list_plain_files(nginx.path("conf.d.theirs"))});
  REQUIRE(plan.broken_files.size() == 1);
  CHECK(plan.broken_files[0].path == file("40-linked.conf"));
  const auto faults = find_faults(plan, options, options_of(nginx));
  REQUIRE(faults.size() == 2);
  using Catch::Contains;
  CHECK_THAT(faults[1], Contains("nginx refuses " + file("20-Broken.conf").string() + ": ") && Contains("nonsense"));

  options.defaults = plan.defaults;
  options.defaults.http.erase(options.defaults.http.begin() + 1);
  options.preamble = {.default_server = false, .hash_sizes = false};
  test::write_file(nginx.live(), render(plan.vhosts, options));
  const auto process = nginx.start();
  REQUIRE(test::wait_until([&nginx] { return !test::ask(nginx.port, "a.test").empty(); }));
  CHECK_THAT(get(nginx, "a.test", "/"), Contains("HTTP/1.1 200") && Contains("X-Theirs: yes"));
  CHECK_THAT(get(nginx, "nobody.test", "/"), Contains("HTTP/1.1 418"));
}

TEST_CASE("the sysadmin's preamble template is used, and one that is invalid or that nginx refuses is left out") {
  const test::private_nginx nginx;
  std::filesystem::create_directory(nginx.folder / "theirs");
  const auto faults_with = [&](const std::string& text) {
    test::write_file(nginx.folder / "theirs/frame.mustache", text);
    plan_options options{.sites = {}, .own_ports = {}, .conf_d = list_plain_files(nginx.path("theirs"))};
    options.preamble_text = read_file(options.conf_d, k_preamble_file);
    const auto plan =
        make_plan(test::parse_containers("container a\n  env VIRTUAL_HOST=a.test\n  network n 127.0.0.1\n"), options);
    return find_faults(plan, render_for(nginx), options_of(nginx));
  };
  using Catch::Contains;
  CHECK(faults_with("{{{maps}}}{{{unknown_names}}}{{{hosts}}}").empty());
  const auto no_template = faults_with("{{{maps}}}");
  REQUIRE(no_template.size() == 1);
  CHECK_THAT(no_template[0],
             Contains(nginx.path("theirs/frame.mustache") + " has no {{{hosts}}}: all hosts are served without it"));
  const auto refused = faults_with("{{{maps}}}nonsense;\n{{{hosts}}}");
  REQUIRE(refused.size() == 1);
  CHECK_THAT(refused[0], Contains("nginx refuses " + nginx.path("theirs/frame.mustache")) && Contains("nonsense"));
  const auto without_maps = faults_with("{{{hosts}}}");
  REQUIRE(without_maps.size() == 1);
  CHECK_THAT(without_maps[0], Contains("frame.mustache") && Contains("heberg"));
}
