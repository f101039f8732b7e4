// SPDX-License-Identifier: LGPL-2.1-or-later
// heberg-proxy-render as a process, with a fake engine, a real nginx, and requests through it. Needs nginx; fails
// without it.
// Long because starting an engine, an nginx and a renderer is one fixture.
#include "support/fake_engine.h"
#include "unit/proxy-render/private_nginx.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace {

using namespace heberg;
using namespace std::chrono_literals;
using test::ask;
using test::wait_until;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct world {
  test::private_nginx nginx;
  test::fake_engine engine{nginx.folder / "docker.sock"};

  int https_port = test::free_port();

  world() { configure("pid:" + nginx.path("nginx.pid"), nginx.command()); }

  void configure(const std::string& reload, const std::string& nginx_command) const {
    test::write_file(nginx.folder / "heberg.toml",
                     "[docker]\nhost = \"" + engine.host() + "\"\n[proxy]\noutput = \"" + nginx.live() +
                         "\"\nreload = \"" + reload + "\"\nnginx = \"" + nginx_command + "\"\naccess_log = \"" +
                         nginx.path("access.log") + "\"\nhttp_port = " + std::to_string(nginx.port) +
                         "\nhttps_port = " + std::to_string(https_port) + "\ncerts = \"" + nginx.path("certs") +
                         "\"\nvhost_d = \"" + nginx.path("vhost.d") + "\"\nhtpasswd = \"" + nginx.path("htpasswd") +
                         "\"\nipv6 = false\nhost_owners = [\"*.w.test wild\", \"two.w.test two\"]\n");
  }

  [[nodiscard]] test::child_process start(std::vector<std::string> options = {}) const {
    std::vector<std::string> words = {HEBERG_PROXY_RENDER, "--config", nginx.path("heberg.toml")};
    words.insert(words.end(), options.begin(), options.end());
    return test::child_process(words, nginx.path("log"));
  }

  // A container whose site is the server that says what it was asked.
  [[nodiscard]] test::fake_container site(const std::string& name, const std::string& host) const {
    auto c = test::make_container(name, host, "/sites/" + name + "/www");
    c.environment.push_back("VIRTUAL_PORT=" + std::to_string(nginx.site_port));
    c.networks = {{"bridge", "127.0.0.1"}};
    return c;
  }

  [[nodiscard]] bool answers(const std::string& host, std::string_view status) const {
    return ask(nginx.port, host).starts_with("HTTP/1.1 " + std::string(status));
  }
  [[nodiscard]] std::string live() const { return test::read_file(nginx.live()); }
  [[nodiscard]] std::string log() const { return test::read_file(nginx.folder / "log"); }
};

}  // namespace

TEST_CASE("a container that comes is served, one that stops or goes answers 503, a new one too needs no restart") {
  world w;
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return std::filesystem::exists(w.nginx.live()); }));
  const auto nginx = w.nginx.start();
  REQUIRE(wait_until([&w] { return w.answers("one.test", "503"); }));

  w.engine.add(w.site("one", "one.test"));
  CHECK(wait_until([&w] { return w.answers("one.test", "200"); }));
  w.engine.add(w.site("two", "*.two.test"));
  CHECK(wait_until([&w] { return w.answers("x.two.test", "200"); }));
  w.engine.change(
      "one", [](auto& c) { c.state = "exited"; }, "die");
  CHECK(wait_until([&w] { return w.answers("one.test", "503"); }));
  w.engine.remove("two");
  CHECK(wait_until([&w] { return w.answers("x.two.test", "503"); }));
  CHECK(w.answers("nobody.test", "503"));
}

TEST_CASE("what a client says of itself does not reach the site, WebSocket does, other upgrades do not") {
  world w;
  w.engine.add(w.site("one", "one.test"));
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return std::filesystem::exists(w.nginx.live()); }));
  const auto nginx = w.nginx.start();
  REQUIRE(wait_until([&w] { return w.answers("one.test", "200"); }));

  const auto answer = ask(w.nginx.port, "ONE.test:99",
                          "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 6.6.6.6\r\nForwarded: "
                          "for=6.6.6.6\r\nProxy: http://evil\r\n");
  CHECK(has(
      answer,
      "host=one.test:99 for=127.0.0.1 proto=http real=127.0.0.1 forwarded= proxy= upgrade= connection= uri=/path?q\n"));
  CHECK(has(ask(w.nginx.port, "one.test", "Upgrade: WebSocket\r\nConnection: Upgrade\r\n"),
            "upgrade=websocket connection=upgrade"));
  CHECK(has(ask(w.nginx.port, "one.test", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"),
            "upgrade= connection= "));
  CHECK(has(test::read_file(w.nginx.folder / "access.log"), "one.test 127.0.0.1 - - ["));
}

TEST_CASE("a container with a bad value is named, the others are served") {
  world w;
  w.engine.add(w.site("bad", "bad.test; return 200"));
  w.engine.add(w.site("good", "good.test"));
  w.engine.add(w.site("twin", "GOOD.test"));
  auto render = w.start({"--once"});
  CHECK(render.exit_status() == 0);
  CHECK(has(w.live(), "\"good.test\""));
  CHECK_FALSE(has(w.live(), "bad.test"));
  CHECK(has(w.log(), "container bad: VIRTUAL_HOST \"bad.test; return 200\" contains a character other than"));
  CHECK(has(w.log(), "container twin: VIRTUAL_HOST \"good.test\" belongs to site:good already"));
}

TEST_CASE("the settings say from how many on hosts are lines of a map") {
  world w;
  w.engine.add(w.site("one", "one.test"));
  const auto settings = test::read_file(w.nginx.folder / "heberg.toml");
  for (const bool are_many : {false, true}) {
    test::write_file(w.nginx.folder / "heberg.toml", settings + "map_from_hosts = " + (are_many ? "1" : "2") + "\n");
    CHECK(w.start({"--once"}).exit_status() == 0);
    CHECK(has(w.live(), "\"one.test\""));
    CHECK(has(w.live(), "upstream ") != are_many);
  }
}

TEST_CASE("a certificate that comes is in use a moment later, and a broken one hurts its host alone") {
  world w;
  std::filesystem::create_directory(w.nginx.folder / "certs");
  w.engine.add(w.site("one", "one.test"));
  w.engine.add(w.site("two", "two.test"));
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return std::filesystem::exists(w.nginx.live()); }));
  const auto nginx = w.nginx.start();
  REQUIRE(wait_until([&w] { return w.answers("one.test", "200"); }));
  test::make_certificate(w.nginx.folder / "certs", "one.test");
  CHECK(wait_until([&w] { return w.answers("one.test", "301"); }));
  CHECK(w.answers("two.test", "200"));
  test::write_file(w.nginx.folder / "certs/one.test.crt", "no certificate\n");
  CHECK(wait_until([&w] { return has(w.log(), "nginx refuses the host one.test of one"); }));
  CHECK(w.answers("two.test", "200"));
}

TEST_CASE("a host whose passwords cannot be used is closed, not open, also where the certificates cannot be read") {
  world w;
  test::write_file(w.nginx.folder / "certs", "not a folder\n");
  w.engine.add(w.site("one", "one.test"));
  w.engine.add(w.site("two", "two.test"));
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return std::filesystem::exists(w.nginx.live()); }));
  const auto nginx = w.nginx.start();
  REQUIRE(wait_until([&w] { return w.answers("one.test", "200"); }));
  // The folder is made later.
  std::filesystem::create_directory(w.nginx.folder / "htpasswd");
  std::filesystem::create_symlink("nothing", w.nginx.folder / "htpasswd/one.test");
  CHECK(wait_until([&w] { return w.answers("one.test", "503"); }));
  CHECK(w.answers("two.test", "200"));
  CHECK(has(w.log(), w.nginx.path("htpasswd/one.test") + " is a link out of its folder, or to nothing: one.test"));
  std::filesystem::remove(w.nginx.folder / "htpasswd/one.test");
  test::write_file(w.nginx.folder / "htpasswd/one.test", "user:{PLAIN}secret\n");
  CHECK(wait_until([&w] { return w.answers("one.test", "401"); }));
}

TEST_CASE("a host that nginx refuses answers 503, and no wildcard of another owner's has its name meanwhile") {
  world w;
  w.engine.add(w.site("one", "one.w.test"));
  w.engine.add(w.site("wild", "*.w.test"));
  std::filesystem::create_directory(w.nginx.folder / "vhost.d");
  test::write_file(w.nginx.folder / "vhost.d/one.w.test", "nonsense;\n");
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return std::filesystem::exists(w.nginx.live()); }));
  const auto nginx = w.nginx.start();
  REQUIRE(wait_until([&w] { return w.answers("x.w.test", "200"); }));
  CHECK(w.answers("one.w.test", "503"));
  CHECK(has(w.log(), "nginx refuses the host one.w.test of one, it is left out"));
  CHECK(has(w.log(), "published 1 hosts"));
  // Not asked about anew, whatever else changes; until it changes itself.
  w.engine.add(w.site("two", "two.w.test"));
  CHECK(wait_until([&w] { return w.answers("two.w.test", "200"); }));
  CHECK(w.answers("one.w.test", "503"));
  test::write_file(w.nginx.folder / "vhost.d/one.w.test", "");
  CHECK(wait_until([&w] { return w.answers("one.w.test", "200"); }));
}

TEST_CASE(
    "a host that was refused without nginx's own zones is back when the fault in nginx's own configuration is "
    "repaired") {
  world w;
  w.nginx.write_config("    limit_req_zone $binary_remote_addr zone=theirs:1m rate=9r/s;\n");
  test::write_file(w.nginx.folder / "sites-enabled/broken", "nonsense;\n");
  std::filesystem::create_directory(w.nginx.folder / "vhost.d");
  test::write_file(w.nginx.folder / "vhost.d/one.test", "limit_req zone=theirs;\n");
  w.engine.add(w.site("one", "one.test"));
  const auto render = w.start();
  const auto has_file = [&w] { return has(w.live(), "vhost.d/one.test"); };
  REQUIRE(wait_until([&w] { return has(w.log(), "nginx refuses the host one.test"); }));
  REQUIRE(wait_until([&w] { return std::filesystem::exists(w.nginx.live()); }));
  CHECK_FALSE(has_file());
  std::filesystem::remove(w.nginx.folder / "sites-enabled/broken");
  w.engine.add(w.site("two", "two.test"));
  CHECK(wait_until(has_file));
}

TEST_CASE("a default file holds for all hosts, and one that nginx refuses is left out") {
  world w;
  std::filesystem::create_directory(w.nginx.folder / "vhost.d");
  w.engine.add(w.site("one", "one.test"));
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return std::filesystem::exists(w.nginx.live()); }));
  const auto nginx = w.nginx.start();
  REQUIRE(wait_until([&w] { return w.answers("one.test", "200"); }));
  test::write_file(w.nginx.folder / "vhost.d/default", "add_header X-Theirs yes;\n");
  CHECK(wait_until([&w] { return has(ask(w.nginx.port, "one.test"), "X-Theirs: yes"); }));
  test::write_file(w.nginx.folder / "vhost.d/default", "nonsense;\n");
  CHECK(wait_until([&w] { return has(w.log(), "nginx refuses " + w.nginx.path("vhost.d/default") + ", all hosts"); }));
  CHECK(wait_until([&w] { return !has(ask(w.nginx.port, "one.test"), "X-Theirs"); }));
  CHECK(w.answers("one.test", "200"));
  test::write_file(w.nginx.folder / "log", "");
  CHECK(w.start({"--status"}).exit_status() == 0);
  CHECK(has(w.log(), "\"file\": \"" + w.nginx.path("vhost.d/default")));
}

TEST_CASE("a default file that is removed while nginx judges it closes no host") {
  world w;
  std::filesystem::create_directory(w.nginx.folder / "vhost.d");
  const auto file = w.nginx.folder / "vhost.d/default";
  test::write_file(file, "add_header X-Theirs yes;\n");
  // Removes the file just before the first nginx -t that comes while "remove" is there.
  test::write_file(w.nginx.folder / "removing-nginx", "#!/bin/sh\nif rm " + w.nginx.path("remove") +
                                                          " 2>/dev/null; then rm " + file.string() +
                                                          "; fi\nexec nginx \"$@\"\n");
  std::filesystem::permissions(w.nginx.folder / "removing-nginx", std::filesystem::perms::owner_all);
  w.configure("pid:" + w.nginx.path("nginx.pid"), w.nginx.path("removing-nginx") + " -c " + w.nginx.path("nginx.conf"));
  w.engine.add(w.site("one", "one.test"));
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return std::filesystem::exists(w.nginx.live()); }));
  const auto nginx = w.nginx.start();
  REQUIRE(wait_until([&w] { return has(ask(w.nginx.port, "one.test"), "X-Theirs: yes"); }));
  test::write_file(w.nginx.folder / "remove", "");
  w.engine.add(w.site("two", "two.test"));
  bool was_closed = false;
  CHECK(wait_until([&] {
    was_closed = was_closed || w.answers("one.test", "503");
    return w.answers("two.test", "200") && !has(ask(w.nginx.port, "one.test"), "X-Theirs");
  }));
  CHECK_FALSE(was_closed);
  CHECK(has(w.log(), file.string() + " was removed or replaced while nginx tested"));
  CHECK_FALSE(has(w.log(), "refuses"));
}

TEST_CASE("the command line: --status shows whether nginx serves the text in place, and which certificates expire") {
  world w;
  std::filesystem::create_directory(w.nginx.folder / "certs");
  test::write_file(w.nginx.folder / "certs/torn.test.crt", "no certificate\n");
  w.engine.add(w.site("one", "one.test"));
  CHECK(w.start({"--once"}).exit_status() == 0);
  const auto status = [&w] {
    test::write_file(w.nginx.folder / "log", "");
    CHECK(w.start({"--status"}).exit_status() == 0);
    return nlohmann::json::parse(w.log());
  };
  CHECK(status()["nginx"] == "silent");
  const auto nginx = w.nginx.start();
  REQUIRE(wait_until([&w] { return w.answers("one.test", "200"); }));
  const auto said = status();
  CHECK(said["nginx"] == "served");
  CHECK(said["certificates"] == nlohmann::json::array({"certificate torn.test cannot be read"}));
  w.engine.add(w.site("two", "two.test"));
  CHECK(w.start({"--once", "--no-reload"}).exit_status() == 0);
  CHECK(status()["nginx"] == "stale");
}

TEST_CASE("where the sysadmin's files cannot be read nothing is published") {
  world w;
  test::write_file(w.nginx.folder / "htpasswd", "not a folder\n");
  w.engine.add(w.site("one", "one.test"));
  CHECK(w.start({"--once"}).exit_status() == 1);
  CHECK(has(w.log(), "open " + w.nginx.path("htpasswd") + ": Not a directory"));
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return has(w.log(), "nothing is published until they can be read"); }));
  CHECK_FALSE(std::filesystem::exists(w.nginx.live()));
  std::filesystem::remove(w.nginx.folder / "htpasswd");
  std::filesystem::create_directory(w.nginx.folder / "htpasswd");
  CHECK(wait_until([&w] { return std::filesystem::exists(w.nginx.live()); }));
}

TEST_CASE("the sysadmin's files that could not be read are read again at an event of the engine") {
  namespace fs = std::filesystem;
  world w;
  // Through a link, so that the repair is not seen where the folders are watched.
  fs::create_directory(w.nginx.folder / "elsewhere");
  fs::create_directory_symlink(w.nginx.folder / "elsewhere/folder", w.nginx.folder / "htpasswd");
  fs::create_directory_symlink("folder", w.nginx.folder / "elsewhere/folder");
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return has(w.log(), "nothing is published until they can be read"); }));
  fs::remove(w.nginx.folder / "elsewhere/folder");
  fs::create_directory(w.nginx.folder / "elsewhere/folder");
  w.engine.add(w.site("one", "one.test"));
  CHECK(wait_until([&w] { return fs::exists(w.nginx.live()); }));
}

TEST_CASE("SIGTERM ends the daemon within a second, also while nginx -t gives no answer") {
  world w;
  test::write_file(w.nginx.folder / "slow-nginx", "#!/bin/sh\ntouch " + w.nginx.path("asked") + "\nexec sleep 60\n");
  std::filesystem::permissions(w.nginx.folder / "slow-nginx", std::filesystem::perms::owner_all);
  const bool slow = GENERATE(false, true);
  w.configure("pid:" + w.nginx.path("nginx.pid"), slow ? w.nginx.path("slow-nginx") : w.nginx.command());
  auto render = w.start();
  REQUIRE(wait_until([&w, slow] {
    return std::filesystem::exists(slow ? w.nginx.folder / "asked" : std::filesystem::path(w.nginx.live()));
  }));
  const auto before = std::chrono::steady_clock::now();
  render.signal(SIGTERM);
  CHECK(render.exit_status() == 0);
  CHECK(std::chrono::steady_clock::now() - before < 1s);
  CHECK_FALSE(std::filesystem::exists(w.nginx.folder / "conf.d/.heberg.conf.tmp"));
}

TEST_CASE("an engine that goes away changes nothing, and is followed again when it is back") {
  world w;
  w.engine.add(w.site("one", "one.test"));
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return std::filesystem::exists(w.nginx.live()); }));
  w.engine.go_away();
  REQUIRE(wait_until([&w] { return has(w.log(), "the engine cannot be reached"); }));
  CHECK(has(w.live(), "\"one.test\""));
  w.engine.add_silently(w.site("two", "two.test"));
  w.engine.come_back();
  CHECK(wait_until([&w] { return has(w.live(), "\"two.test\""); }));
}

TEST_CASE("an equal text reloads nothing, SIGHUP reloads all the same") {
  world w;
  test::write_file(w.nginx.folder / "reload", "#!/bin/sh\necho reload >> " + w.nginx.path("reloads") + "\n");
  std::filesystem::permissions(w.nginx.folder / "reload", std::filesystem::perms::owner_all);
  w.configure("command:" + w.nginx.path("reload"), w.nginx.command());
  w.engine.add(w.site("one", "one.test"));
  const auto reloads = [&w] {
    return std::filesystem::exists(w.nginx.folder / "reloads") ? test::read_file(w.nginx.folder / "reloads").size() / 7
                                                               : 0;
  };
  CHECK(w.start({"--once"}).exit_status() == 0);
  CHECK(reloads() == 1);
  CHECK(w.start({"--once"}).exit_status() == 0);
  CHECK(reloads() == 1);
  const auto render = w.start();
  w.engine.add(w.site("two", "two.test"));
  REQUIRE(wait_until([&reloads] { return reloads() == 2; }));
  render.signal(SIGHUP);
  CHECK(wait_until([&reloads] { return reloads() == 3; }));
}

TEST_CASE("the command line: --status and --check report, and change nothing") {
  world w;
  w.engine.add(w.site("one", "one.test"));
  CHECK(w.start({"--status"}).exit_status() == 0);
  const auto status = nlohmann::json::parse(w.log());
  CHECK(status["hosts"][0]["host"] == "one.test");
  CHECK(status["current"] == false);
  CHECK(w.start({"--check"}).exit_status() == 0);
  test::write_file(w.nginx.folder / "sites-enabled/broken", "nonsense;\n");
  CHECK(w.start({"--check"}).exit_status() == 1);
  CHECK(has(w.log(), "nginx refuses its own configuration"));
  CHECK_FALSE(std::filesystem::exists(w.nginx.live()));
}

TEST_CASE("a name stays its owner's over a redeploy and over a restart of the renderer, until it is given free") {
  world w;
  w.engine.add(w.site("a", "x.test"));
  CHECK(w.start({"--once"}).exit_status() == 0);
  w.engine.remove("a");
  w.engine.add(w.site("b", "x.test"));
  CHECK(w.start({"--once"}).exit_status() == 0);
  CHECK_FALSE(has(w.live(), "x.test"));
  CHECK(has(w.log(), "container b: VIRTUAL_HOST \"x.test\" is reserved for site:a"));

  const auto render = w.start();
  w.engine.add(w.site("c", "y.test"));
  REQUIRE(wait_until([&w] { return has(w.live(), "y.test"); }));  // it has read what is remembered
  CHECK_FALSE(has(w.live(), "x.test"));
  CHECK(w.start({"--forget", "X.test"}).exit_status() == 0);
  CHECK(w.start({"--forget", "x.test"}).exit_status() == 1);  // nobody's
  CHECK(w.start({"--forget", "no name"}).exit_status() == 1);
  render.signal(SIGHUP);
  CHECK(wait_until([&w] { return has(w.live(), "x.test"); }));
}

TEST_CASE("a site that cannot be asked about after a restart of the renderer is served as before") {
  world w;
  w.engine.add(w.site("a", "x.test"));
  CHECK(w.start({"--once"}).exit_status() == 0);
  REQUIRE(has(w.live(), "\"x.test\""));
  w.engine.inject(
      {.call = test::engine_call::inspect, .effect = test::engine_fault::server_error, .name = "a", .times = 10});
  CHECK(w.start({"--once"}).exit_status() == 0);
  CHECK(has(w.live(), "\"x.test\""));
}

TEST_CASE("an nginx that starts while it is to be reloaded gets the new text") {
  world w;
  test::write_file(w.nginx.live(), "# the old text\n");
  const auto nginx = w.nginx.start();
  REQUIRE(wait_until([&w] { return std::filesystem::exists(w.nginx.folder / "nginx.pid"); }));
  // Started, but its process id is not there yet.
  std::filesystem::rename(w.nginx.folder / "nginx.pid", w.nginx.folder / "pid-to-be");
  w.engine.add(w.site("one", "one.test"));
  const auto render = w.start();
  REQUIRE(wait_until([&w] { return has(w.log(), "nginx is not running"); }));
  CHECK_FALSE(w.answers("one.test", "200"));
  std::filesystem::rename(w.nginx.folder / "pid-to-be", w.nginx.folder / "nginx.pid");
  CHECK(wait_until([&w] { return w.answers("one.test", "200"); }));
}

TEST_CASE("without an engine --once fails with the reason, and the text in place stays") {
  world w;
  test::write_file(w.nginx.live(), "# last good\n");
  w.engine.go_away();
  CHECK(w.start({"--once"}).exit_status() == 1);
  CHECK(has(w.log(), "docker.sock"));
  CHECK(w.live() == "# last good\n");
}

TEST_CASE("the command line: --hosts keeps a hosts file, and never overwrites another program's") {
  world w;
  w.engine.add(w.site("one", "one.test,*.one.test"));
  CHECK(w.start({"--once", "--hosts", w.nginx.path("hosts")}).exit_status() == 0);
  CHECK(has(test::read_file(w.nginx.folder / "hosts"), "127.0.0.1 one.test\n"));
  test::write_file(w.nginx.folder / "hosts", "127.0.0.1 localhost\n");
  CHECK(w.start({"--once", "--hosts", w.nginx.path("hosts")}).exit_status() == 1);
  CHECK(test::read_file(w.nginx.folder / "hosts") == "127.0.0.1 localhost\n");
}

TEST_CASE("a container of nginx that does not run is not a failure") {
  world w;
  w.configure("container:nginx", w.nginx.command());
  CHECK(w.start({"--once"}).exit_status() == 0);
  CHECK(has(w.log(), "nginx is not running (container nginx: the engine answers 404"));
}

TEST_CASE("the command line: --help and --version answer, an unknown option does not") {
  const world w;
  CHECK(w.start({"--help"}).exit_status() == 0);
  CHECK(w.start({"--version"}).exit_status() == 0);
  CHECK(w.start({"--no-such-option"}).exit_status() != 0);
  CHECK(w.start({"--once", "--status"}).exit_status() != 0);
}
