// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/files/host_files.h"

#include "digest/sha1.h"
#include "proxy-render/plan/planner.h"
#include "proxy-render/render/render.h"
#include "proxy-render/render/render_cache.h"
#include "proxy-render/status.h"
#include "support/temp_dir.h"
#include "unit/proxy-render/compact.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <set>
#include <system_error>
#include <thread>

namespace {

using namespace heberg;
using namespace heberg::proxy;
namespace fs = std::filesystem;

plan plan_with(const test::temp_dir& folder, const std::string& words) {
  return make_plan(test::parse_containers("container a\n  env VIRTUAL_HOST=" + words + "\n  network n 172.17.0.2\n"),
                   {.sites = {},
                    .own_ports = {},
                    .vhost_d = list_host_files((folder / "vhost.d").string()),
                    .htpasswd = list_host_files((folder / "htpasswd").string(), read_by::workers)});
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a host's files have its name, and files of other names are no host's") {
  const test::temp_dir folder;
  CHECK(list_host_files((folder / "none").string()).empty());
  for (const auto* name : {"a.test", "a.test_location", "*.b.test", "a.test~", ".a.test.swp", "x y", "~^a", "default;"})
    test::write_file(folder / name, "x");
  const auto files = list_host_files(folder.path().string());
  std::vector<std::string> names;
  for (const auto& [name, file] : files) names.push_back(name);
  CHECK(names == std::vector<std::string>{"*.b.test", "a.test", "a.test_location"});

  const auto of = [&](const char* name) {
    return choose_files(std::get<site::host>(site::parse_host(name)), files, files);
  };
  CHECK(of("a.test").server.path == (folder / "a.test").string());
  CHECK(of("a.test").location.path == (folder / "a.test_location").string());
  CHECK(of("a.test").passwords == of("a.test").server);
  CHECK(of("*.b.test").server.path == (folder / "*.b.test").string());
  CHECK(of("www.a.test") == files_of_host{});
  CHECK(of("~^a") == files_of_host{});
  test::write_file(folder / "new", "y");
  std::filesystem::rename(folder / "new", folder / "a.test");
  CHECK(list_host_files(folder.path().string()).at("a.test").stamp != files.at("a.test").stamp);
}

TEST_CASE("a file's name is compared as a host's is, and two of one host are none") {
  const test::temp_dir folder;
  test::write_file(folder / "WWW.A.test", "x");
  CHECK(list_host_files(folder.path().string()).at("www.a.test").fault.empty());
  test::write_file(folder / "www.a.test", "x");
  CHECK(holds(list_host_files(folder.path().string()).at("www.a.test").fault, "only one may be there"));
}

TEST_CASE("a path has files of its own, a regular expression's are found by its SHA-1") {
  const test::temp_dir folder;
  for (const auto* name : {"vhost.d", "htpasswd"}) fs::create_directory(folder / name);
  CHECK(sha1_hex("/") == "42099b4af021e53fd8fd4e056c2568d7c2e3ffa8");  // as sha1sum says
  test::write_file(folder / "htpasswd" / ("a.test_" + sha1_hex("/api")), "u:x\n");
  test::write_file(folder / "vhost.d" / ("a.test_" + sha1_hex("/api") + "_location"), "etag off;\n");
  test::write_file(folder / "htpasswd" / sha1_hex("~^b"), "u:x\n");
  const auto api = render(plan_with(folder, "a.test\n  env VIRTUAL_PATH=/api").vhosts, {});
  CHECK(holds(api, "auth_basic_user_file \"" + (folder / "htpasswd/a.test_").string() + sha1_hex("/api")));
  CHECK(holds(api, "include \"" + (folder / "vhost.d/a.test_").string() + sha1_hex("/api") + "_location\""));
  const auto root = render(plan_with(folder, "a.test").vhosts, {});
  CHECK_FALSE(holds(root, "auth_basic_user_file"));
  CHECK(holds(render(plan_with(folder, "~^b").vhosts, {}), "auth_basic_user_file"));
}

TEST_CASE("a file that cannot be used closes its host alone, and is named") {
  const test::temp_dir folder;
  for (const auto* name : {"vhost.d", "htpasswd", "elsewhere"}) fs::create_directory(folder / name);
  test::write_file(folder / "elsewhere/file", "u:x\n");
  const std::string which = GENERATE(as<std::string>(), "htpasswd", "vhost.d");
  const auto file = folder / which / "a.test";
  std::string reason;
  SECTION("a folder") {
    fs::create_directory(file);
    reason = "is not a regular file";
  }
  SECTION("a link to nothing") {
    fs::create_symlink("nothing", file);
    reason = "is a link out of its folder, or to nothing";
  }
  SECTION("a link out of its folder") {
    fs::create_symlink("../elsewhere/file", file);
    reason = "is a link out of its folder, or to nothing";
  }
  SECTION("others may write to it") {
    test::write_file(file, "u:x\n");
    fs::permissions(file, fs::perms::group_write, fs::perm_options::add);
    reason = "may be written by others than root";
  }
  SECTION("others may write to its folder") {
    test::write_file(file, "u:x\n");
    fs::permissions(folder / which, fs::perms::others_write, fs::perm_options::add);
    reason = "lies in a folder that others than root may write to";
  }
  const auto plan = plan_with(folder, "a.test,b.test");
  REQUIRE(plan.broken_files.size() == 1);
  CHECK(plan.broken_files[0].path == file.string());
  CHECK(plan.broken_files[0].reason == reason + ": a.test answers 503");
  REQUIRE(plan.vhosts.size() == 2);
  CHECK_FALSE(holds(render_vhost(plan.vhosts[0], {}), "proxy_pass"));
  CHECK(holds(render_vhost(plan.vhosts[0], {}), "return 503"));
  CHECK(holds(render_vhost(plan.vhosts[1], {}), "proxy_pass"));
  const auto status = nlohmann::json::parse(describe_status(plan, {}, "/x", ""));
  CHECK(status["hosts"][0]["state"] == "closed");
  CHECK(status["broken_files"][0]["file"] == file.string());
}

TEST_CASE("a link within its folder is a file like others") {
  const test::temp_dir folder;
  for (const auto* name : {"vhost.d", "htpasswd"}) fs::create_directory(folder / name);
  test::write_file(folder / "htpasswd/shared", "u:x\n");
  fs::create_symlink("shared", folder / "htpasswd/a.test");
  const auto plan = plan_with(folder, "a.test");
  CHECK(plan.broken_files.empty());
  CHECK(holds(render(plan.vhosts, {}), "auth_basic_user_file"));
}

TEST_CASE("passwords that nginx's workers cannot read are no passwords") {
  const test::temp_dir folder;
  for (const auto* name : {"vhost.d", "htpasswd"}) fs::create_directory(folder / name);
  test::write_file(folder / "htpasswd/a.test", "u:x\n");
  fs::permissions(folder / "htpasswd/a.test", fs::perms::owner_read);
  // Whoever is not root runs nginx as himself.
  CHECK(plan_with(folder, "a.test").vhosts[0].closed == (::geteuid() == 0));
}

TEST_CASE("a file that is removed while its folder is read is not there, and has no fault") {
  const test::temp_dir folder;
  std::atomic<bool> done = false;
  // Many, so that some are removed between the reading of the folder and the look at the file.
  std::jthread others([&] {
    while (!done) {
      for (int i = 0; i < 50; ++i) test::write_file(folder / (std::to_string(i) + ".test"), "");
      for (int i = 0; i < 50; ++i) fs::remove(folder / (std::to_string(i) + ".test"));
    }
  });
  std::set<std::string> faults;
  for (int i = 0; i < 300; ++i) {
    for (const auto& [name, file] : list_host_files(folder.path().string())) faults.insert(file.fault);
  }
  done = true;
  faults.erase("");
  CHECK(faults.empty());
}

TEST_CASE("a file that is removed before it is read is taken out of the list") {
  const test::temp_dir folder;
  test::write_file(folder / k_preamble_file, "x");
  auto files = list_plain_files(folder.path().string());
  CHECK(read_file(files, k_preamble_file) == "x");
  fs::remove(folder / k_preamble_file);
  CHECK(read_file(files, k_preamble_file).empty());
  CHECK(files.empty());
}

TEST_CASE("a folder that cannot be read is no empty one") {
  const test::temp_dir folder;
  test::write_file(folder / "file", "");
  CHECK_THROWS_AS(list_host_files((folder / "file").string()), std::system_error);
}
