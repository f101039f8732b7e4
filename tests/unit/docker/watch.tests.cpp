// SPDX-License-Identifier: LGPL-2.1-or-later
// The rules of watch.h, one by one. A script tells the machine what happened and looks at what it wants done.
// Long because each rule of the state machine has a case, on one script.
#include "docker/watch.h"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace heberg::docker;
using namespace std::chrono_literals;

namespace {

std::string id_of(char digit) {
  return std::string(64, digit);
}

container make(char digit, container_state state = container_state::running) {
  container c;
  c.id = id_of(digit);
  c.name = std::string("site_") + digit;
  c.image = "php:apache";
  c.state = state;
  c.environment = {{"VIRTUAL_HOST", "www.example.org"}};
  return c;
}

container listed(container c) {
  c.inspected = false;
  c.environment.clear();
  return c;
}

event changed(char digit) {
  return {event_kind::changed, id_of(digit)};
}
event gone(char digit) {
  return {event_kind::gone, id_of(digit)};
}

// The machine, and what it wanted since the last look, in words: "inspect a", "wait settle", "synced", …
class script {
 public:
  explicit script(watch_options options = {}) : machine(options, 1) {}

  std::vector<std::string> tell(watch_input input) {
    std::vector<std::string> words;
    for (const auto& action : machine.resume(std::move(input))) {
      auto word = std::visit([this](const auto& a) { return describe(a); }, action);
      if (!word.empty()) words.push_back(std::move(word));
    }
    return words;
  }

  std::vector<std::string> list(std::vector<container> entries) { return tell(watch_listed{std::move(entries)}); }
  std::vector<std::string> hear(std::vector<event> events) { return tell(watch_events{std::move(events)}); }
  std::vector<std::string> inspected(const container& c) { return tell(watch_inspected{c}); }
  std::vector<std::string> vanished(char digit) { return tell(watch_vanished{id_of(digit)}); }
  std::vector<std::string> failed(char digit, std::string reason = "500") {
    return tell(watch_inspect_failed{id_of(digit), std::move(reason)});
  }
  std::vector<std::string> elapsed(watch_timer timer) { return tell(watch_elapsed{timer}); }
  std::vector<std::string> disconnected(std::string reason = "eof", bool absent = false) {
    return tell(watch_disconnected{std::move(reason), absent});
  }

  // Brings it to "following" with these containers known.
  void follow(const std::vector<container>& all) {
    tell(watch_started{});
    tell(watch_subscribed{});
    std::vector<container> entries;
    for (const auto& c : all) entries.push_back(listed(c));
    list(entries);
    for (const auto& c : all) inspected(c);
    logs.clear();
  }

  [[nodiscard]] const container* find(char digit) const {
    const auto found = machine.known().find(id_of(digit));
    return found == machine.known().end() ? nullptr : &found->second;
  }

  watch machine;
  std::vector<std::string> logs;
  std::chrono::milliseconds delay{};  // of the last wait

 private:
  static std::string describe(const do_subscribe&) { return "subscribe"; }
  static std::string describe(const do_list&) { return "list"; }
  static std::string describe(const do_inspect& a) { return std::string("inspect ") + a.id[0]; }
  static std::string describe(const do_report_synced&) { return "synced"; }
  static std::string describe(const do_report_changed&) { return "changed"; }
  static std::string describe(const do_report_lost& a) { return "lost " + a.reason; }
  std::string describe(const do_wait& a) {
    delay = a.delay;
    constexpr const char* k_names[] = {"settle", "publish", "resync", "reconnect"};
    return std::string("wait ") + k_names[static_cast<int>(a.timer)];
  }
  std::string describe(const do_log& a) {
    logs.push_back(a.message);
    return "";
  }
};

using words = std::vector<std::string>;

}  // namespace

TEST_CASE("it subscribes, then lists, then inspects, then says synced") {
  script s;
  CHECK(s.tell(watch_started{}) == words{"subscribe"});
  CHECK(s.tell(watch_subscribed{}) == words{"list"});
  CHECK(s.list({listed(make('a')), listed(make('b'))}) == words{"inspect a", "inspect b"});
  CHECK(s.inspected(make('a')).empty());
  CHECK(s.inspected(make('b')) == words{"synced", "wait resync"});
  CHECK(s.machine.known().size() == 2);
  CHECK(*s.find('a') == make('a'));
}

TEST_CASE("an engine without containers is synced at once") {
  script s;
  s.tell(watch_started{});
  s.tell(watch_subscribed{});
  CHECK(s.list({}) == words{"synced", "wait resync"});
  CHECK(s.delay == 60s);
}

TEST_CASE("no more inspections are under way at once than there are connections") {
  script s({.inspect_connections = 2});
  s.tell(watch_started{});
  s.tell(watch_subscribed{});
  CHECK(s.list({listed(make('a')), listed(make('b')), listed(make('c')), listed(make('d'))}) ==
        words{"inspect a", "inspect b"});
  CHECK(s.inspected(make('b')) == words{"inspect c"});
  CHECK(s.failed('a') == words{"inspect d"});
  CHECK(s.vanished('c').empty());
  CHECK(s.inspected(make('d')) == words{"synced", "wait resync"});
}

TEST_CASE("several events of one container that come together cost one inspection") {
  script s;
  s.follow({});
  CHECK(s.hear({changed('a'), changed('a')}) == words{"wait settle"});
  CHECK(s.delay == k_settle);
  CHECK(s.hear({changed('a')}).empty());
  CHECK(s.elapsed(watch_timer::settle) == words{"inspect a"});
  CHECK(s.inspected(make('a')) == words{"changed"});
}

TEST_CASE("events during an inspection cost one more, not one each") {
  script s;
  s.follow({});
  s.hear({changed('a')});
  s.elapsed(watch_timer::settle);
  CHECK(s.hear({changed('a')}).empty());
  CHECK(s.hear({changed('a'), changed('a')}).empty());
  CHECK(s.inspected(make('a', container_state::created)) == words{"inspect a", "wait publish"});
  CHECK(s.inspected(make('a')) == words{"changed"});
  CHECK(s.find('a')->state == container_state::running);
}

TEST_CASE("one changed container costs one inspection, however many there are") {
  script s;
  s.follow({make('a'), make('b'), make('c'), make('d')});
  s.hear({changed('c')});
  CHECK(s.elapsed(watch_timer::settle) == words{"inspect c"});
  CHECK(s.inspected(make('c', container_state::exited)) == words{"changed"});
}

TEST_CASE("an inspection that brings nothing new is not told") {
  script s;
  s.follow({make('a')});
  s.hear({changed('a')});
  s.elapsed(watch_timer::settle);
  CHECK(s.inspected(make('a')).empty());
}

TEST_CASE("a destroyed container is gone without an inspection") {
  script s;
  s.follow({make('a'), make('b')});
  CHECK(s.hear({changed('a'), gone('a')}) == words{"wait settle"});
  CHECK(s.elapsed(watch_timer::settle) == words{"changed"});
  CHECK(s.machine.known().size() == 1);
}

TEST_CASE("what an inspection says of a container destroyed meanwhile is ignored") {
  script s;
  s.follow({});
  s.hear({changed('a')});
  s.elapsed(watch_timer::settle);
  CHECK(s.hear({gone('a'), changed('a')}).empty());
  SECTION("an answer") {
    CHECK(s.inspected(make('a')).empty());
  }
  SECTION("a failure") {
    CHECK(s.failed('a').empty());
  }
  CHECK(s.machine.known().empty());
  CHECK(s.logs.empty());
}

TEST_CASE("an event of a container nobody knows of as gone is nothing") {
  script s;
  s.follow({make('a')});
  CHECK(s.hear({gone('b')}).empty());
}

TEST_CASE("a container that the engine does not know any more is gone") {
  script s;
  s.follow({make('a')});
  s.hear({changed('a')});
  s.elapsed(watch_timer::settle);
  CHECK(s.vanished('a') == words{"changed"});
  CHECK(s.machine.known().empty());
}

TEST_CASE("an event that comes while listing is inspected once, after the list") {
  script s;
  s.tell(watch_started{});
  s.tell(watch_subscribed{});
  CHECK(s.hear({changed('a')}).empty());
  SECTION("the list has it") {
    CHECK(s.list({listed(make('a'))}) == words{"inspect a"});
  }
  SECTION("the list is too old to have it") {
    CHECK(s.list({}).front() == "inspect a");
  }
}

TEST_CASE("synced does not wait for a container that the list does not have") {
  script s;
  s.tell(watch_started{});
  s.tell(watch_subscribed{});
  s.hear({changed('a')});
  CHECK(s.list({}) == words{"inspect a", "synced", "wait resync"});
  CHECK(s.inspected(make('a')) == words{"changed"});
}

TEST_CASE("a container destroyed while listing does not come back by the list") {
  script s;
  s.follow({make('a')});
  s.elapsed(watch_timer::resync);
  s.hear({gone('a')});
  CHECK(s.list({listed(make('a'))}) == words{"synced", "wait resync"});
  CHECK(s.machine.known().empty());
}

TEST_CASE("a container created while listing is not removed by the list") {
  script s;
  s.follow({});
  CHECK(s.elapsed(watch_timer::resync) == words{"list"});
  CHECK(s.hear({changed('a')}) == words{"inspect a"});
  CHECK(s.inspected(make('a')) == words{"changed"});
  CHECK(s.list({}) == words{"synced", "wait resync"});
  CHECK(s.find('a') != nullptr);
}

TEST_CASE("nothing is told as changed before the first synced") {
  script s;
  s.tell(watch_started{});
  s.tell(watch_subscribed{});
  s.list({listed(make('a')), listed(make('b'))});
  CHECK(s.hear({changed('c'), gone('b')}) == words{"inspect c"});
  CHECK(s.inspected(make('c')).empty());
  CHECK(s.inspected(make('b')).empty());  // destroyed meanwhile
  CHECK(s.inspected(make('a')) == words{"synced", "wait resync"});
}

TEST_CASE("a resync inspects only what differs from the last list") {
  script s;
  s.follow({make('a'), make('b'), make('c')});
  CHECK(s.elapsed(watch_timer::resync) == words{"list"});
  auto b = make('b', container_state::exited);
  SECTION("state") {}
  SECTION("health") {
    b = make('b');
    b.health = health::unhealthy;
  }
  SECTION("networks") {
    b = make('b');
    b.networks = {{"net", "n1", "10.0.0.2", ""}};
  }
  SECTION("name") {
    b = make('b');
    b.name = "other";
  }
  SECTION("image") {
    b = make('b');
    b.image = "php:8-apache";
  }
  CHECK(s.list({listed(make('a')), listed(b), listed(make('c'))}) == words{"inspect b"});
  CHECK(s.inspected(b) == words{"synced", "wait resync"});
  CHECK(*s.find('b') == b);
}

TEST_CASE("a resync of what is the same inspects nothing") {
  script s;
  s.follow({make('a'), make('b')});
  s.elapsed(watch_timer::resync);
  CHECK(s.list({listed(make('b')), listed(make('a'))}) == words{"synced", "wait resync"});
}

TEST_CASE("a container that is missing in a list is gone") {
  script s;
  s.follow({make('a'), make('b')});
  s.elapsed(watch_timer::resync);
  CHECK(s.list({listed(make('a'))}) == words{"synced", "wait resync"});
  CHECK(s.find('b') == nullptr);
}

TEST_CASE("a container that went and came back between two lists, with one event lost, is inspected again") {
  script s;
  s.follow({make('a')});
  s.hear({changed('a')});
  s.elapsed(watch_timer::settle);
  s.inspected(make('a', container_state::exited));  // and then it started again, which nobody told
  s.elapsed(watch_timer::resync);
  CHECK(s.list({listed(make('a'))}) == words{"inspect a"});
}

TEST_CASE("an id that a list has twice is inspected once") {
  script s;
  s.tell(watch_started{});
  s.tell(watch_subscribed{});
  CHECK(s.list({listed(make('a')), listed(make('a'))}) == words{"inspect a"});
}

TEST_CASE("an inspection that fails does not hold up the others, and is tried again at the next list") {
  script s;
  s.tell(watch_started{});
  s.tell(watch_subscribed{});
  s.list({listed(make('a')), listed(make('b'))});
  s.logs.clear();
  CHECK(s.failed('a', "the engine answers 500").empty());
  CHECK(s.inspected(make('b')) == words{"synced", "wait resync"});
  CHECK(s.logs.front() == "container aaaaaaaaaaaa: the engine answers 500");
  s.elapsed(watch_timer::resync);
  CHECK(s.list({listed(make('a')), listed(make('b'))}) == words{"inspect a"});
  CHECK(s.inspected(make('a')) == words{"synced", "wait resync"});
  CHECK(*s.find('a') == make('a'));
}

TEST_CASE("a container whose first inspection fails stands as the list has it: it is not gone") {
  script s;
  s.tell(watch_started{});
  s.tell(watch_subscribed{});
  s.list({listed(make('a'))});
  CHECK(s.failed('a') == words{"synced", "wait resync"});
  REQUIRE(s.find('a') != nullptr);
  CHECK(*s.find('a') == listed(make('a')));
  CHECK_FALSE(s.find('a')->inspected);
  SECTION("and follows the list as long as it fails") {
    s.elapsed(watch_timer::resync);
    s.list({listed(make('a', container_state::exited))});
    CHECK(s.failed('a') == words{"synced", "wait resync"});
    CHECK(s.find('a')->state == container_state::exited);
  }
}

TEST_CASE("a container whose later inspection fails stays as it was known") {
  script s;
  s.follow({make('a')});
  s.hear({changed('a')});
  s.elapsed(watch_timer::settle);
  CHECK(s.failed('a').empty());
  CHECK(*s.find('a') == make('a'));
}

TEST_CASE("an inspection that keeps failing for one reason is logged once") {
  script s;
  s.follow({make('a')});
  for (int i = 0; i < 3; ++i) {
    s.hear({changed('a')});
    s.elapsed(watch_timer::settle);
    s.failed('a', "500");
  }
  CHECK(s.logs.size() == 1);
  s.hear({changed('a')});
  s.elapsed(watch_timer::settle);
  s.failed('a', "timeout");
  CHECK(s.logs.size() == 2);
}

TEST_CASE("changes are told at the latest some time after the first, though an inspection hangs") {
  script s;
  s.follow({});
  s.hear({changed('a'), changed('b')});
  CHECK(s.elapsed(watch_timer::settle) == words{"inspect a", "inspect b"});
  CHECK(s.inspected(make('a')) == words{"wait publish"});
  CHECK(s.delay == k_publish_delay);
  CHECK(s.elapsed(watch_timer::publish) == words{"changed"});
  CHECK(s.inspected(make('b')) == words{"changed"});
}

TEST_CASE("an engine that goes away changes nothing, and is told once") {
  script s;
  s.follow({make('a')});
  CHECK(s.disconnected("events from x: End of file") == words{"lost events from x: End of file", "wait reconnect"});
  CHECK(s.find('a') != nullptr);
  CHECK(s.elapsed(watch_timer::reconnect) == words{"subscribe"});
  CHECK(s.disconnected("connect to x: Connection refused") == words{"wait reconnect"});
  CHECK(s.find('a') != nullptr);
}

TEST_CASE("an engine that is back is listed, and told as synced") {
  script s;
  s.follow({make('a'), make('b')});
  s.disconnected();
  s.elapsed(watch_timer::reconnect);
  CHECK(s.tell(watch_subscribed{}) == words{"list"});
  CHECK(s.hear({changed('c')}).empty());  // the list comes first
  CHECK(s.list({listed(make('a')), listed(make('c'))}) == words{"inspect c"});
  CHECK(s.inspected(make('c')) == words{"synced", "wait resync"});
  CHECK(s.find('b') == nullptr);
  CHECK(s.find('c') != nullptr);
  CHECK(s.disconnected("again") == words{"lost again", "wait reconnect"});
}

TEST_CASE("an outage is logged once for each reason, and so is its end") {
  script s;
  s.follow({});
  s.disconnected("one");
  s.disconnected("two");
  CHECK(s.logs == words{"one; trying again until it works", "two; trying again until it works"});
  s.tell(watch_subscribed{});
  s.list({});
  CHECK(s.logs.back() == "the engine answers: 0 containers");
}

TEST_CASE("what was to be inspected when the engine went away is inspected when it is back") {
  script s;
  s.follow({make('a')});
  SECTION("heard of, not yet asked for") {
    s.hear({changed('a')});
  }
  SECTION("under way") {
    s.hear({changed('a')});
    s.elapsed(watch_timer::settle);
  }
  SECTION("found by a resync") {
    s.elapsed(watch_timer::resync);
    s.list({listed(make('a', container_state::exited))});
  }
  s.disconnected();
  s.elapsed(watch_timer::reconnect);
  s.tell(watch_subscribed{});
  CHECK(s.list({listed(make('a', container_state::exited))}) == words{"inspect a"});
}

TEST_CASE("answers that arrive after the engine went away are ignored") {
  script s;
  s.follow({make('a')});
  s.hear({changed('a')});
  s.elapsed(watch_timer::settle);
  s.disconnected();
  CHECK(s.inspected(make('a', container_state::exited)).empty());
  CHECK(s.failed('a').empty());
  CHECK(s.vanished('a').empty());
  CHECK(s.list({}).empty());
  CHECK(s.hear({gone('a')}).empty());
  CHECK(*s.find('a') == make('a'));
}

TEST_CASE("timers of before an outage do no harm after it") {
  script s;
  s.follow({make('a')});
  s.hear({changed('a')});
  s.disconnected();
  for (const auto timer : {watch_timer::settle, watch_timer::publish, watch_timer::resync})
    CHECK(s.elapsed(timer).empty());
}

TEST_CASE("what was heard just before an outage is told when the engine is back, not in the outage") {
  script s;
  s.follow({make('a'), make('b')});
  SECTION("the settle timer ends in the outage") {
    s.hear({gone('a')});
    s.disconnected();
    CHECK(s.elapsed(watch_timer::settle).empty());
  }
  SECTION("the publish timer ends in the outage") {
    s.hear({changed('c'), changed('d')});
    s.elapsed(watch_timer::settle);
    CHECK(s.inspected(make('c')) == words{"wait publish"});
    s.disconnected();
    CHECK(s.elapsed(watch_timer::publish).empty());
  }
  SECTION("a timer ends when the connection is back, before the list") {
    s.hear({gone('a')});
    s.disconnected();
    s.tell(watch_subscribed{});
    CHECK(s.elapsed(watch_timer::settle).empty());
    CHECK(s.list({listed(make('b'))}) == words{"synced", "wait resync"});
  }
}

TEST_CASE("the back-off grows from its minimum to its maximum, with jitter, and starts anew after a sync") {
  script s;
  s.follow({});
  auto base = 100ms;
  for (int i = 0; i < 10; ++i) {
    s.disconnected();
    CHECK(s.delay >= base / 2);
    CHECK(s.delay <= base);
    base = std::min(base * 2, std::chrono::milliseconds(5s));
  }
  s.tell(watch_subscribed{});
  s.disconnected();  // subscribed is not synced
  CHECK(s.delay >= 2500ms);
  s.tell(watch_subscribed{});
  s.list({});
  s.disconnected();
  CHECK(s.delay <= 100ms);
}

TEST_CASE("an absent socket is tried at least once a second") {
  script s;
  s.follow({});
  for (int i = 0; i < 20; ++i) {
    s.disconnected("connect to x: No such file or directory", true);
    CHECK(s.delay <= 1000ms);
  }
}

TEST_CASE("two machines with different seeds do not come back at the same moment") {
  std::vector<std::chrono::milliseconds> delays;
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    watch machine({}, seed);
    for (const auto& action : machine.resume(watch_disconnected{"x", false})) {
      if (const auto* wait = std::get_if<do_wait>(&action)) delays.push_back(wait->delay);
    }
  }
  std::ranges::sort(delays);
  CHECK(delays.front() != delays.back());
}

TEST_CASE("a resync that is due while another is under way is not a second one") {
  script s;
  s.follow({});
  CHECK(s.elapsed(watch_timer::resync) == words{"list"});
  CHECK(s.elapsed(watch_timer::resync).empty());
}
