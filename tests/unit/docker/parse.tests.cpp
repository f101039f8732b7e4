// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers recorded from Docker 20.10.24 (tests/golden/docker), and hostile ones.
#include "docker/parse.h"

#include "docker/parse_time.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

using namespace heberg::docker;

namespace {

std::string golden(const std::string& name) {
  return heberg::test::read_file(std::string(HEBERG_GOLDEN_DIR "/docker/") + name);
}

const std::string k_id(64, 'a');

std::string inspect_with(const std::string& members) {
  return R"({"Id":")" + k_id + R"(",)" + members + "}";
}

}  // namespace

TEST_CASE("a running container, as Docker tells it") {
  const auto c = parse_inspect(golden("inspect_running.json"));
  REQUIRE(c.value);
  CHECK(c.value->id == "7ae410da722bc52d6d671dbea531f5097a4965ea6940325f0fd6c6b5a59ab086");
  CHECK(c.value->name == "site_1");
  CHECK(c.value->image == "php:8.2-apache");
  CHECK(c.value->image_id.starts_with("sha256:8078cc30"));
  CHECK(c.value->user.empty());
  CHECK(c.value->created.time_since_epoch().count() == 1'795'540'673'615'500'361);
  CHECK(c.value->state == container_state::running);
  CHECK(c.value->pid == 13424);
  CHECK(c.value->health == health::none);
  CHECK(c.value->inspected);
  CHECK_FALSE(c.value->tty);
  CHECK_FALSE(c.value->host_network);
  CHECK(c.value->environment == std::vector<std::pair<std::string, std::string>>{
                                    {"VIRTUAL_HOST", "www.example.org"}, {"SECRET", "a=b"}, {"PHP_VERSION", "8.2.7"}});
  CHECK(c.value->labels == std::map<std::string, std::string>{{"heberg.site", "site_1"}});
  REQUIRE(c.value->mounts.size() == 2);
  CHECK(c.value->mounts[0] ==
        mount{"volume", "site_1_data", "/var/lib/docker/volumes/site_1_data/_data", "/data", true});
  CHECK(c.value->mounts[1] == mount{"bind", "", "/sites/site_1/www", "/var/www/html", true});
  CHECK(c.value->exposed_ports == std::vector<port>{{80, "tcp"}});
  REQUIRE(c.value->networks.size() == 1);
  CHECK(c.value->networks[0].name == "bridge");
  CHECK(c.value->networks[0].ipv4 == "172.17.0.2");
  CHECK(c.value->networks[0].ipv4_prefix == 16);
  CHECK(c.value->networks[0].mac == "02:42:ac:11:00:02");
  CHECK(c.value->pid > 1);
}

TEST_CASE("a stopped container has its ports from its image, and no address") {
  const auto c = parse_inspect(golden("inspect_stopped.json"));
  REQUIRE(c.value);
  CHECK(c.value->state == container_state::exited);
  CHECK(c.value->pid == 0);
  CHECK(c.value->exposed_ports == std::vector<port>{{80, "tcp"}});
  REQUIRE(c.value->networks.size() == 1);
  CHECK(c.value->networks[0].ipv4.empty());
  CHECK_FALSE(c.value->is_up());
}

TEST_CASE("a created container, and a paused and unhealthy one") {
  CHECK(parse_inspect(golden("inspect_created.json")).value->state == container_state::created);
  const auto sick = parse_inspect(golden("inspect_health.json"));
  CHECK(sick.value->state == container_state::paused);
  CHECK(sick.value->health == health::unhealthy);
  CHECK(sick.value->is_up());
}

TEST_CASE("when a container was started last, and how often the engine did it by itself") {
  auto text = golden("inspect_running.json");
  const auto c = *parse_inspect(text).value;
  CHECK(c.started == parse_time("2026-11-24T17:17:54.548155733Z"));
  CHECK(c.restarts == 0);
  const std::string none = "\"RestartCount\":0";
  text.replace(text.find(none), none.size(), "\"RestartCount\":7");
  CHECK(parse_inspect(text).value->restarts == 7);
}

TEST_CASE("a list, as Docker tells it") {
  const auto list = parse_list(golden("list.json"));
  REQUIRE(list.value);
  REQUIRE(list.value->size() == 1);
  const auto& c = list.value->front();
  const auto whole = *parse_inspect(golden("inspect_running.json")).value;
  CHECK_FALSE(c.inspected);
  CHECK(c.id == whole.id);
  CHECK(c.name == whole.name);
  CHECK(c.image == whole.image);
  CHECK(c.image_id == whole.image_id);
  CHECK(c.state == whole.state);
  CHECK(c.labels == whole.labels);
  CHECK(c.mounts == whole.mounts);
  CHECK(c.exposed_ports == whole.exposed_ports);
  CHECK(c.networks == whole.networks);
  CHECK(std::chrono::floor<std::chrono::seconds>(whole.created) == c.created);
  CHECK(c.environment.empty());
}

TEST_CASE("the words of a list's status tell health, and nothing else") {
  const struct {
    std::string status;
    health expected;
  } rows[] = {
      {"Up 3 minutes", health::none},
      {"Up 3 minutes (healthy)", health::healthy},
      {"Up 1 second (unhealthy)", health::unhealthy},
      {"Up 1 second (health: starting)", health::starting},
      {"Up 2 hours (Paused)", health::none},
      {"Exited (0) 5 minutes ago", health::none},
  };
  for (const auto& row : rows) {
    INFO(row.status);
    const auto list = parse_list(R"([{"Id":")" + k_id + R"(","Status":")" + row.status + R"("}])");
    CHECK(list.value->front().health == row.expected);
  }
}

TEST_CASE("a listed container's name is its own, not the one that a link gave it") {
  CHECK(parse_list(R"([{"Id":")" + k_id + R"(","Names":["/other/alias","/own"]}])").value->front().name == "own");
}

TEST_CASE("entries of a list without a sound id are left out, the others stay") {
  const auto list = parse_list(R"([{"Id":"../../etc"},{"Id":5},5,"x",null,[],{"Id":")" + k_id + R"("},{}])");
  REQUIRE(list.value);
  CHECK(list.value->size() == 1);
}

TEST_CASE("events, as Docker tells them") {
  std::vector<event_kind> kinds;
  std::istringstream lines(golden("events.ndjson"));
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    const auto e = parse_event(line);
    REQUIRE(e.value);
    if (e.value->kind == event_kind::other) continue;
    CHECK(e.value->id == "7ae410da722bc52d6d671dbea531f5097a4965ea6940325f0fd6c6b5a59ab086");
    kinds.push_back(e.value->kind);
  }
  const auto c = event_kind::changed;
  // create connect start connect pause unpause rename disconnect(2) die disconnect connect start die disconnect destroy
  CHECK(kinds == std::vector<event_kind>{c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, event_kind::gone});
}

TEST_CASE("what an event means") {
  const struct {
    std::string type, action;
    event_kind kind;
  } rows[] = {
      {"container", "create", event_kind::changed},
      {"container", "start", event_kind::changed},
      {"container", "die", event_kind::changed},
      {"container", "died", event_kind::changed},  // Podman
      {"container", "rename", event_kind::changed},
      {"container", "pause", event_kind::changed},
      {"container", "unpause", event_kind::changed},
      {"container", "update", event_kind::changed},
      {"container", "health_status: healthy", event_kind::changed},
      {"container", "health_status", event_kind::changed},  // Podman
      {"container", "destroy", event_kind::gone},
      {"container", "remove", event_kind::gone},  // Podman
      {"container", "stop", event_kind::other},   // die came before
      {"container", "exec_create: ls", event_kind::other},
      {"container", "kill", event_kind::other},
      {"container", "", event_kind::other},
      {"network", "connect", event_kind::changed},
      {"network", "disconnect", event_kind::changed},
      {"network", "destroy", event_kind::other},
      {"image", "create", event_kind::other},
  };
  for (const auto& row : rows) {
    INFO(row.type + " " + row.action);
    const auto e = parse_event(R"({"Type":")" + row.type + R"(","Action":")" + row.action + R"(","Actor":{"ID":")" +
                               k_id + R"(","Attributes":{"container":")" + k_id + R"("}}})");
    REQUIRE(e.value);
    CHECK(e.value->kind == row.kind);
    CHECK(e.value->id == (row.kind == event_kind::other ? "" : k_id));
  }
}

TEST_CASE("an event whose id is none is nothing to us") {
  for (const auto* id :
       {"", "abc", "../../containers/x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    const auto e = parse_event(std::string(R"({"Type":"container","Action":"start","Actor":{"ID":")") + id + R"("}})");
    CHECK(e.value->kind == event_kind::other);
  }
  CHECK(parse_event(R"({"Type":"container","Action":"start","Actor":5})").value->kind == event_kind::other);
}

TEST_CASE("the engine's version") {
  const auto v = parse_version(golden("version.json"));
  REQUIRE(v.value);
  CHECK(v.value->newest == api_version{1, 41});
  CHECK(v.value->oldest == api_version{1, 12});
  CHECK_FALSE(parse_version("{}").value);
  CHECK(parse_version("{}").problem == "has no ApiVersion");
  CHECK(parse_version(R"({"ApiVersion":"1.40"})").value->oldest == api_version{0, 0});
}

TEST_CASE("an API version is two numbers") {
  CHECK(parse_api_version("1.41") == api_version{1, 41});
  for (const auto* bad : {"", "1", "1.", ".41", "1.41.2", "1.-1", "-1.2", "1.x", " 1.41", "v1.41", "1.99999999999"}) {
    INFO(bad);
    CHECK_FALSE(parse_api_version(bad));
  }
  CHECK(api_version{1, 9} < api_version{1, 41});
}

TEST_CASE("a field of a wrong type is as if it were empty") {
  const auto c = parse_inspect(inspect_with(
      R"("Name":5,"Image":[],"Created":7,"State":"running","Mounts":{"a":1},"Config":{"Env":"A=b","Labels":["x"],"Tty":"yes",
         "ExposedPorts":[80],"User":{}},"HostConfig":null,"NetworkSettings":{"Networks":[1,2],"Ports":"80/tcp"})"));
  REQUIRE(c.value);
  container expected;
  expected.id = k_id;
  CHECK(*c.value == expected);
}

TEST_CASE("elements of a wrong type are left out, the others stay") {
  const auto c = parse_inspect(inspect_with(
      R"("Mounts":[5,{"Destination":"/a","RW":"no"},null],"Config":{"Env":[5,"A=1",null,"B"],"Labels":{"a":1,"b":"2"},
         "ExposedPorts":{"80/tcp":{},"0/tcp":{},"65536/tcp":{},"x/tcp":{},"443":{},"53/dccp":{},"/tcp":{},"-1/tcp":{}, "8080/udp":5}},
         "NetworkSettings":{"Networks":{"n":5,"m":{"IPAddress":7,"NetworkID":"id"}}})"));
  REQUIRE(c.value);
  CHECK(c.value->mounts == std::vector<mount>{{"", "", "", "/a", true}});
  CHECK(c.value->environment == std::vector<std::pair<std::string, std::string>>{{"A", "1"}, {"B", ""}});
  CHECK(c.value->labels == std::map<std::string, std::string>{{"b", "2"}});
  CHECK(c.value->exposed_ports == std::vector<port>{{80, "tcp"}, {8080, "udp"}});
  CHECK(c.value->networks == std::vector<network>{{"m", "id", "", ""}, {"n", "", "", ""}});
}

TEST_CASE("an inspection without a sound id is refused") {
  for (const auto* text : {"{}", R"({"Id":5})", R"({"Id":"abc"})", "[]", "5", "null", R"("x")"}) {
    INFO(text);
    const auto c = parse_inspect(text);
    CHECK_FALSE(c.value);
    CHECK(c.problem == "has no sound Id");
  }
}

TEST_CASE("what is not JSON is refused with the reason") {
  for (const std::string text : {"", "{", "{\"Id\":", "nonsense", "{}{}", "\xff", "{\"Id\":\"\xff\"}", "[1,]"}) {
    INFO(text);
    CHECK_THAT(parse_inspect(text).problem, Catch::StartsWith("is not JSON at byte "));
    CHECK_FALSE(parse_list(text).value);
    CHECK_FALSE(parse_event(text).value);
    CHECK_FALSE(parse_version(text).value);
  }
  CHECK(parse_list("{}").problem == "is not an array");
  CHECK(parse_list("5").problem == "is not an array");
}

TEST_CASE("every truncation of an answer is refused or sound, never a crash") {
  for (const auto* name : {"inspect_running.json", "list.json"}) {
    const auto text = golden(name);
    const auto end = text.find_last_of("]}");
    for (std::size_t length = 0; length < end; ++length) {
      CHECK_FALSE(parse_inspect(std::string_view(text).substr(0, length)).value);
      CHECK_FALSE(parse_list(std::string_view(text).substr(0, length)).value);
    }
  }
}

TEST_CASE("an answer that is too large, too deep or too full is refused with the reason") {
  CHECK(parse_inspect(std::string(k_inspect_bytes_max + 1, ' ')).problem == "is larger than 4194304 bytes");
  CHECK(parse_event(std::string(k_event_bytes_max + 1, ' ')).problem == "is larger than 1048576 bytes");
  CHECK(parse_inspect(std::string(100'000, '[')).problem == "is nested deeper than 32");
  CHECK(parse_inspect(R"({"unknown":)" + std::string(100'000, '[')).problem == "is nested deeper than 32");
  std::string many = R"({"Config":{"Env":["")";
  for (std::size_t i = 0; i < k_values_max; ++i) many += R"(,"")";
  CHECK(parse_inspect(many + "]}}").problem == "holds more than 65536 values");
}

TEST_CASE("of very many ports the first are kept") {
  std::string ports = R"("1/udp":{})";
  for (int i = 1; i <= 60'000; ++i) ports += ",\"" + std::to_string(i) + "/tcp\":{}";
  const auto c = parse_inspect(inspect_with(R"("Config":{"ExposedPorts":{)" + ports + "}}"));
  REQUIRE(c.value);
  CHECK(c.value->exposed_ports.size() == k_ports_max);
}

TEST_CASE("environment and labels are found by their exact name, the last of a name wins") {
  const auto c = *parse_inspect(inspect_with(R"("Config":{"Env":["A=1","AB=2","A=3"],"Labels":{"x.y":"z"}})")).value;
  CHECK(*find_environment(c, "A") == "3");
  CHECK(*find_environment(c, "AB") == "2");
  CHECK(find_environment(c, "a") == nullptr);
  CHECK(find_environment(c, "") == nullptr);
  CHECK(*find_label(c, "x.y") == "z");
  CHECK(find_label(c, "x") == nullptr);
}

TEST_CASE("a container that is gone is told from one that cannot be inspected") {
  CHECK(is_no_such_container(404, ""));
  CHECK(is_no_such_container(
      500, R"({"cause":"no such container","message":"container 0a does not exist in database: no such container"})"));
  CHECK_FALSE(is_no_such_container(500, R"({"message":"no such container runtime"})"));
  CHECK_FALSE(is_no_such_container(200, R"({"cause":"no such container"})"));
}

TEST_CASE("a log that is refused because the container is being removed is told from other conflicts") {
  constexpr auto k_body = R"({"message":"can not get logs from container which is dead or marked for removal"})";
  CHECK(is_being_removed(409, k_body));
  CHECK_FALSE(is_being_removed(500, k_body));
  CHECK_FALSE(is_being_removed(409, R"({"message":"container is paused"})"));
}
