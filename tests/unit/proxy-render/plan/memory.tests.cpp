// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/memory.h"

#include "base/unique_fd.h"
#include "proxy-render/plan/memory_file.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/file.h>

#include <system_error>

namespace {

using namespace heberg;
using namespace std::chrono_literals;

proxy::memory full() {
  proxy::memory m;
  m.names[{site::host_kind::name, "x.test"}] = {.owner = "site:a", .order = 1, .left = {}};
  m.names[{site::host_kind::regex, "~^\\d"}] = {.owner = "sysadmin", .order = 7, .left = std::chrono::sys_seconds(5s)};
  m.containers["0a"] = {.created = {},
                        .host_network = true,
                        .environment = {{"VIRTUAL_HOST", "x.test"}, {"VIRTUAL_HOST", "y.test"}},
                        .exposed_ports = {{80, "tcp"}}};
  m.containers["0a"].created += 1'764'000'000'123'456'789ns;
  m.next_order = 8;
  m.changed = true;
  return m;
}

bool same(const proxy::memory& a, const proxy::memory& b) {
  return a.names == b.names && a.containers == b.containers && a.next_order == b.next_order;
}

}  // namespace

TEST_CASE("what is remembered comes back from its text") {
  const auto read = proxy::parse_memory(proxy::dump_memory(full()));
  REQUIRE(read);
  CHECK(same(*read, full()));
  CHECK_FALSE(read->changed);
}

TEST_CASE("a text of another version or shape is not taken") {
  for (
      const auto* text :
      {"", "{", "[]", "null", "{}", R"({"version": 2, "names": [], "containers": {}})", R"({"version": 1})",
       R"({"version": 1, "names": 3, "containers": {}})",
       R"({"version": 1, "names": [{"host": 3, "owner": "x", "order": 1}], "containers": {}})",
       R"({"version": 1, "names": [{"host": "x.test", "order": 1}], "containers": {}})",
       R"({"version": 1, "names": [], "containers": {"0a": {}}})",
       R"({"version": 1, "names": [], "containers": {"0a": {"created": 1, "host_network": false, "environment": [["A"]], "ports": []}}})",
       R"({"version": 1, "names": [], "containers": {"0a": {"created": 1, "host_network": false, "environment": [], "ports": [[80]]}}})"}) {
    INFO(text);
    CHECK_FALSE(proxy::parse_memory(text));
  }
}

TEST_CASE("a name that is none any more is dropped, the others stay") {
  const auto read = proxy::parse_memory(
      R"({"version": 1, "names": [{"host": "a b", "owner": "x", "order": 9}, {"host": "x.test", "owner": "y", "order": 2}], "containers": {}})");
  REQUIRE(read);
  CHECK(read->names.size() == 1);
  CHECK(read->next_order == 10);
}

TEST_CASE("the memory is kept beside the output, and written only where it changed") {
  const test::temp_dir folder;
  proxy::memory_file file(folder / "heberg.conf");
  CHECK(file.path() == (folder / ".heberg.conf.state").string());
  CHECK(file.was_replaced());
  const auto none = file.load();
  CHECK_FALSE(none.damaged);
  CHECK(none.complaint == "there is no " + file.path() + " yet");
  CHECK_FALSE(file.was_replaced());

  auto memory = full();
  CHECK(file.save(memory));
  CHECK_FALSE(memory.changed);
  CHECK_FALSE(file.was_replaced());
  CHECK(same(proxy::memory_file(folder / "heberg.conf").load().remembered, full()));

  std::filesystem::remove(file.path());
  CHECK(file.save(memory));  // unchanged
  CHECK_FALSE(std::filesystem::exists(file.path()));
}

TEST_CASE("another hand's change is news") {
  const test::temp_dir folder;
  proxy::memory_file daemon(folder / "heberg.conf");
  static_cast<void>(daemon.load());
  auto memory = full();
  CHECK(daemon.save(memory));
  proxy::memory_file other(folder / "heberg.conf");
  auto theirs = other.load().remembered;
  theirs.names.clear();
  theirs.changed = true;
  CHECK(other.save(theirs));
  CHECK(daemon.was_replaced());
  CHECK(daemon.load().remembered.names.empty());
  CHECK_FALSE(daemon.was_replaced());
}

TEST_CASE("what another hand wrote meanwhile is not overwritten") {
  const test::temp_dir folder;
  proxy::memory_file daemon(folder / "heberg.conf");
  static_cast<void>(daemon.load());
  proxy::memory_file other(folder / "heberg.conf");
  static_cast<void>(other.load());
  auto theirs = full();
  CHECK(other.save(theirs));
  auto ours = full();
  ours.names.clear();
  CHECK_FALSE(daemon.save(ours));
  CHECK(ours.changed);
  CHECK(same(daemon.load().remembered, full()));
  CHECK(daemon.save(ours));
  CHECK(proxy::memory_file(folder / "heberg.conf").load().remembered.names.empty());
}

TEST_CASE("a damaged memory is told, and remembering starts anew") {
  const test::temp_dir folder;
  proxy::memory_file file(folder / "heberg.conf");
  SECTION("it is cut") {
    test::write_file(file.path(), proxy::dump_memory(full()).substr(0, 50));
  }
  SECTION("it is a folder") {
    std::filesystem::create_directory(file.path());
  }
  const auto read = file.load();
  CHECK(read.damaged);
  CHECK(read.complaint.find(file.path()) != std::string::npos);
  CHECK(read.remembered.names.empty());
}

TEST_CASE("a memory that cannot be written is an error, and is tried again") {
  const test::temp_dir folder;
  proxy::memory_file file(folder / "gone" / "heberg.conf");
  static_cast<void>(file.load());
  auto memory = full();
  CHECK_THROWS_AS(static_cast<void>(file.save(memory)), std::system_error);
  CHECK(memory.changed);
  std::filesystem::create_directory(folder / "gone");
  CHECK(file.save(memory));
}

TEST_CASE("a folder that another program has locked is not waited for, and the memory is kept later") {
  const test::temp_dir folder;
  proxy::memory_file file(folder / "heberg.conf");
  static_cast<void>(file.load());
  auto memory = full();
  memory.changed = true;
  {
    const unique_fd other(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(::flock(other.get(), LOCK_EX | LOCK_NB) == 0);
    CHECK_THROWS_AS(static_cast<void>(file.save(memory)), std::system_error);
    CHECK(memory.changed);
  }
  CHECK(file.save(memory));
  CHECK_FALSE(memory.changed);
}

TEST_CASE("a memory's text is JSON whatever is in it") {
  proxy::memory memory;
  memory.names[{.kind = site::host_kind::regex, .text = "~^\\d\"x"}] = {
      .owner = "container:a\"\\\n", .order = 7, .left = {}};
  memory.containers["0a"] = {
      .created = {}, .environment = {{"VIRTUAL_HOST", "a\"b\xff"}}, .exposed_ports = {{80, "tcp"}}};
  memory.containers["0b"] = {};
  const auto document = nlohmann::json::parse(proxy::dump_memory(memory));
  CHECK(document["version"] == 1);
  CHECK(document["names"][0]["host"] == "~^\\d\"x");
  CHECK(document["names"][0]["owner"] == "container:a\"\\\n");
  CHECK(document["containers"]["0a"]["environment"][0][1] == "a\"b\xef\xbf\xbd");
  CHECK(document["containers"].size() == 2);
  CHECK(nlohmann::json::parse(proxy::dump_memory({}))["containers"].empty());
}

TEST_CASE("a container of several ports is remembered, too, and one that goes or changes its ports is not as it was") {
  docker::container one, two;
  one.environment = {{"VIRTUAL_HOST_MULTIPORTS", "a.test:"}};
  two.environment = {{"VIRTUAL_HOST", "c.test"}};
  proxy::memory memory;
  memory.containers["0b"] = {};
  const auto look = [&] {
    memory.changed = false;
    proxy::remember_variables(memory, "0a", &one);
    proxy::remember_variables(memory, "0b", nullptr);
    proxy::remember_variables(memory, "0c", &two);
    proxy::remember_variables(memory, "0d", nullptr);
    return memory.changed;
  };
  CHECK(look());
  REQUIRE(memory.containers.size() == 2);
  CHECK(memory.containers.at("0a").environment[0].second == "a.test:");
  CHECK_FALSE(look());
  two.exposed_ports = {{81, "tcp"}};
  CHECK(look());
  CHECK(memory.containers.at("0c").exposed_ports.size() == 1);
  CHECK(memory.containers.at("0c").text.find("81") != std::string::npos);
  one.inspected = false;
  one.environment.clear();
  CHECK_FALSE(look());
  CHECK(memory.containers.contains("0a"));
}
