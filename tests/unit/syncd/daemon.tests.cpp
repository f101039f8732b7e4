// SPDX-License-Identifier: LGPL-2.1-or-later
// The whole daemon in a temporary folder, against the fake engine: real ledger, directory, trees and password files;
// only root's part of it (ownership) is a stand-in.
#include "syncd/daemon.h"

#include "control/client.h"
#include "directory/reader.h"
#include "support/fake_engine.h"
#include "support/fake_owners.h"
#include "support/published.h"
#include "syncd/accounts/account_manager.h"
#include "syncd/once.h"
#include "tree/password.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <unistd.h>

#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <sstream>

using namespace heberg;
using namespace std::chrono_literals;
using Catch::Contains;
using heberg::test::fake_container;
using heberg::test::fake_engine;
using heberg::test::temp_dir;
namespace fs = std::filesystem;

namespace {

// Only heberg's own accounts have names.
class no_names final : public syncd::name_service {
 public:
  std::optional<syncd::name_entry> find_user(const std::string&) override { return {}; }
  std::optional<syncd::name_entry> find_user(std::uint32_t) override { return {}; }
  std::optional<syncd::name_entry> find_group(const std::string&) override { return {}; }
  std::optional<syncd::name_entry> find_group(std::uint32_t) override { return {}; }
};

struct daemon_fixture {
  temp_dir dir;
  fake_engine engine{dir / "docker.sock"};
  std::shared_ptr<test::fake_owners> owners = std::make_shared<test::fake_owners>();
  std::vector<std::string> lines;
  std::optional<boost::asio::io_context> io;
  std::optional<syncd::daemon> daemon;
  heberg::settings config;

  daemon_fixture() {
    config.state_dir = (dir / "state").string();
    config.docker.host = engine.host();
    config.sites.root = (dir / "sites").string();
    config.accounts.retire_after = 100ms;
    fs::create_directory(dir / "procs");
  }
  ~daemon_fixture() { stop(); }

  syncd::host_parts parts() {
    syncd::host_parts parts;
    parts.owners = owners;
    parts.names = std::make_shared<no_names>();
    parts.directory_owners = test::own();
    parts.trusted_path = dir.path().parent_path().string();
    parts.procs = (dir / "procs").string();
    parts.log = [this](level, std::string_view text) { lines.emplace_back(text); };
    return parts;
  }

  void start() {
    syncd::daemon_options options;
    options.parts = parts();
    options.watch.backoff_min = 5ms;
    options.watch.backoff_max = 50ms;
    options.control_socket = (dir / "run/control.sock").string();
    io.emplace(1);
    daemon.emplace(*io, config, std::move(options));
    daemon->start();
  }
  void stop() {
    if (!daemon) return;
    daemon->stop();
    io->restart();
    io->run_for(5s);
    CHECK(io->stopped());  // it ran dry
    daemon.reset();
    io.reset();
  }
  // As kill -9 would leave it: nothing is saved, published or sent at the end.
  void drop() {
    io->stop();
    daemon.reset();
    io.reset();
  }

  bool until(const std::function<bool()>& holds, std::chrono::milliseconds limit = 10s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io->restart();
      io->run_one_for(10ms);
    }
    return true;
  }

  void run(const std::string& site) {
    engine.add(test::make_container("web-" + site, site + ".test", config.sites.root + "/" + site + "/www"));
  }
  void remove(const std::string& site) { engine.remove("web-" + site); }

  // What the modules answer.
  std::optional<std::uint32_t> uid(const std::string& site) const {
    const auto path = config.state_dir + "/directory/" + directory::k_accounts_file;
    directory::record_buffer buffer{};
    directory::account_entry entry;
    const directory::source from{path.c_str(), ::geteuid(), directory::file_kind::accounts};
    if (directory::find_account(from, site, buffer, entry) != directory::status::found) return std::nullopt;
    return entry.id;
  }
  std::string hash(const std::string& site) const {
    const auto path = config.state_dir + "/directory/" + directory::k_shadow_file;
    directory::record_buffer buffer{};
    directory::shadow_entry entry;
    const directory::source from{path.c_str(), ::geteuid(), directory::file_kind::shadow};
    if (directory::find_shadow(from, site, buffer, entry) != directory::status::found) return "";
    return std::string(entry.hash);
  }
  bool has_hash(const std::string& site) const { return hash(site).starts_with("$y$"); }
  fs::path password_file(const std::string& site) const {
    return fs::path(config.sites.root) / site / ".heberg/password";
  }
  std::string password(const std::string& site) const {
    const auto text = test::read_file(password_file(site));
    return text.substr(0, text.find('\n'));
  }
  bool has_logged(std::string_view text) const {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const auto& line) { return line.find(text) != std::string::npos; });
  }
};

}  // namespace

TEST_CASE_METHOD(
    daemon_fixture,
    "a container appears: account, tree, password, it goes: the account goes, it returns: the same UID and hash") {
  start();
  run("a");
  REQUIRE(until([&] { return has_hash("a"); }));
  CHECK(uid("a") == 20000u);
  CHECK(tree::is_hash_of(hash("a"), tree::secret(password("a"))));
  CHECK(fs::is_directory(config.sites.root + "/a/www"));
  const auto before = hash("a");

  remove("a");
  REQUIRE(until([&] { return !uid("a"); }));
  run("b");
  REQUIRE(until([&] { return has_hash("b"); }));
  CHECK(uid("b") == 20001u);
  run("a");
  REQUIRE(until([&] { return uid("a").has_value(); }));
  CHECK(uid("a") == 20000u);
  CHECK(hash("a") == before);
}

TEST_CASE_METHOD(daemon_fixture, "a stopped container keeps its account") {
  start();
  run("a");
  REQUIRE(until([&] { return uid("a").has_value(); }));
  engine.change(
      "web-a", [](auto& c) { c.state = "exited"; }, "die");
  run("b");
  REQUIRE(until([&] { return uid("b").has_value(); }));
  CHECK_FALSE(until([&] { return !uid("a"); }, 400ms));
}

TEST_CASE_METHOD(daemon_fixture, "a container that the engine lists but cannot inspect keeps its account") {
  start();
  run("a");
  REQUIRE(until([&] { return uid("a").has_value(); }));
  engine.inject(
      {.call = test::engine_call::inspect, .effect = test::engine_fault::server_error, .name = "web-a", .times = 1000});
  engine.go_away();
  REQUIRE(until([&] { return has_logged("engine: connection lost"); }));
  engine.change(
      "web-a", [](auto& c) { c.state = "exited"; }, "");
  engine.come_back();
  REQUIRE(until([&] { return has_logged("engine: connected again"); }));
  CHECK_FALSE(until([&] { return !uid("a"); }, 400ms));
}

TEST_CASE_METHOD(daemon_fixture, "a password written while running holds, and one that others can read does not") {
  start();
  run("a");
  REQUIRE(until([&] { return has_hash("a"); }));
  test::write_file(password_file("a"), "secret\n");
  REQUIRE(until([&] { return tree::is_hash_of(hash("a"), tree::secret("secret")); }));
  fs::permissions(password_file("a"), static_cast<fs::perms>(0644));
  REQUIRE(until([&] { return hash("a") == "*"; }));
  CHECK(has_logged("is refused: it is open to others than root"));
}

TEST_CASE_METHOD(daemon_fixture, "a restart hashes nothing again and changes no byte of the directory") {
  start();
  run("a");
  REQUIRE(until([&] { return has_hash("a"); }));
  stop();
  const auto before = hash("a");
  const auto written = fs::last_write_time(config.state_dir + "/directory/accounts.cdb");
  start();
  REQUIRE(until([&] { return has_logged("engine answers"); }));
  CHECK_FALSE(until([&] { return hash("a") != before; }, 300ms));
  CHECK(fs::last_write_time(config.state_dir + "/directory/accounts.cdb") == written);
}

TEST_CASE_METHOD(daemon_fixture, "dropped dead, it comes back to what the engine has") {
  start();
  run("a");
  run("b");
  REQUIRE(until([&] { return has_hash("a") && has_hash("b"); }));
  const auto uids = std::pair(uid("a"), uid("b"));
  run("c");
  drop();
  remove("b");
  run("d");
  start();
  REQUIRE(until([&] { return uid("c") && uid("d") && !uid("b"); }));
  CHECK(uid("a") == uids.first);
  run("b");
  REQUIRE(until([&] { return uid("b").has_value(); }));
  CHECK(uid("b") == uids.second);
}

TEST_CASE_METHOD(daemon_fixture, "an engine that does not answer changes nothing, and is found when it returns") {
  start();
  run("a");
  REQUIRE(until([&] { return uid("a").has_value(); }));
  stop();
  engine.go_away();
  remove("a");
  start();
  REQUIRE(until([&] { return has_logged("engine: connection lost"); }));
  CHECK_FALSE(until([&] { return !uid("a"); }, 300ms));
  engine.come_back();
  REQUIRE(until([&] { return !uid("a"); }));
}

TEST_CASE_METHOD(daemon_fixture, "hostile containers are named in the log, and the others served") {
  start();
  auto evil = test::make_container("evil", "x.test", config.sites.root + "/root/www");
  engine.add(evil);
  evil.name = "worse";
  evil.mounts[0].source = config.sites.root + "/a\nb/www";
  engine.add(evil);
  evil.name = "worst";
  evil.mounts[0].source = config.sites.root + "/" + std::string(300, 'a') + "/www";
  engine.add(evil);
  run("good");
  REQUIRE(until([&] { return uid("good").has_value(); }));
  CHECK(uid("good") == 20000u);
  CHECK(has_logged("container \"evil\": not accepted as a site's container"));
  CHECK(has_logged("container \"worse\": not accepted as a site's container"));
  CHECK(has_logged("container \"worst\": not accepted as a site's container"));
  CHECK(daemon->state().count_accounts() == 1);
}

TEST_CASE_METHOD(daemon_fixture, "the control socket reaches it") {
  start();
  run("a");
  REQUIRE(until([&] { return has_hash("a"); }));
  const auto say = [&](const control::request& request) {
    auto answer =
        std::async(std::launch::async, [&] { return control::call((dir / "run/control.sock").string(), request); });
    REQUIRE(until([&] { return answer.wait_for(0s) == std::future_status::ready; }));
    return answer.get();
  };
  CHECK(say({"lock", "a", "unpaid"}).error == control::failure::none);
  CHECK(hash("a").starts_with("!"));
  CHECK(say({"unlock", "a", ""}).error == control::failure::none);
  CHECK(has_hash("a"));
  CHECK(say({"lock", "nobody", ""}).error == control::failure::no_such_site);
  CHECK(say({"dance", "a", ""}).error == control::failure::bad_request);
  const auto lists = engine.count().lists;
  CHECK(say({"sync", "", ""}).error == control::failure::none);
  CHECK(until([&] { return engine.count().lists > lists; }));
}

TEST_CASE_METHOD(daemon_fixture, "a second daemon on the same ledger does not start") {
  start();
  boost::asio::io_context other;
  syncd::daemon_options options;
  options.parts = parts();
  CHECK_THROWS_WITH(syncd::daemon(other, config, std::move(options)), Contains("another heberg-syncd"));
}

TEST_CASE_METHOD(daemon_fixture, "the command line: --once does the whole work, and a second run changes nothing") {
  run("a");
  const auto fetch = [&] { return docker::fetch_containers({.host = engine.host()}); };
  CHECK(syncd::run_once(config, parts(), fetch()) == 0);
  CHECK(uid("a") == 20000u);
  CHECK(tree::is_hash_of(hash("a"), tree::secret(password("a"))));
  const auto before = hash("a");
  lines.clear();
  CHECK(syncd::run_once(config, parts(), fetch()) == 0);
  CHECK(hash("a") == before);
  // Of the machine that the test runs on.
  std::erase_if(lines, [](const std::string& line) { return line.find("host: ") != std::string::npos; });
  CHECK(lines.empty());

  remove("a");
  CHECK(syncd::run_once(config, parts(), fetch()) == 0);
  CHECK(uid("a").has_value());  // missing, from now on
  config.accounts.retire_after = 0ms;
  CHECK(syncd::run_once(config, parts(), fetch()) == 0);
  CHECK_FALSE(uid("a"));
}

TEST_CASE_METHOD(daemon_fixture, "the command line: --once says why not where it cannot publish") {
  run("a");
  fs::create_directories(config.state_dir);
  test::write_file(config.state_dir + "/directory", "in the way");
  CHECK(syncd::run_once(config, parts(), docker::fetch_containers({.host = engine.host()})) == 1);
  CHECK(has_logged("directory: "));
}

TEST_CASE_METHOD(daemon_fixture,
                 "the command line: --check says what would be done and what is wrong, and changes nothing") {
  run("a");
  auto evil = test::make_container("evil", "x.test", config.sites.root + "/root/www");
  engine.add(evil);
  std::ostringstream out;
  CHECK(syncd::run_check(config, parts(), docker::fetch_containers({.host = engine.host()}), out) == 1);
  CHECK_THAT(out.str(), Contains("a: would be: account made, uid 20000") && Contains("container \"evil\"") &&
                            Contains("1 problems"));
  CHECK_FALSE(fs::exists(config.state_dir));
  CHECK_FALSE(fs::exists(config.sites.root));

  engine.remove("evil");
  REQUIRE(syncd::run_once(config, parts(), docker::fetch_containers({.host = engine.host()})) == 0);
  out.str("");
  CHECK(syncd::run_check(config, parts(), docker::fetch_containers({.host = engine.host()}), out) == 0);
  fs::permissions(password_file("a"), static_cast<fs::perms>(0644));
  fs::permissions(config.sites.root + "/a/logs", static_cast<fs::perms>(0777));
  out.str("");
  CHECK(syncd::run_check(config, parts(), docker::fetch_containers({.host = engine.host()}), out) == 1);
  CHECK_THAT(out.str(), Contains("a/logs has mode 0777") && Contains("password file is refused"));
}

TEST_CASE_METHOD(daemon_fixture, "the command line: --check prints a container's text as printable characters alone") {
  auto evil = test::make_container("evil", "x.test", "/elsewhere");
  evil.labels["heberg.site"] = "\x1b]0;owned\x07\n0 problems";
  engine.add(evil);
  std::ostringstream out;
  CHECK(syncd::run_check(config, parts(), docker::fetch_containers({.host = engine.host()}), out) == 1);
  CHECK_THAT(out.str(), Contains(R"(\x1b]0;owned\x07\x0a0 problems)") && !Contains("\x1b") && !Contains("\x07"));
}
