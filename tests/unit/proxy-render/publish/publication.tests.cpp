// SPDX-License-Identifier: LGPL-2.1-or-later
// nginx is a function here: what it says to a text and a scope.
#include "proxy-render/publish/publication.h"

#include "proxy-render/render/render_preamble.h"

#include <catch2/catch.hpp>

#include <functional>
#include <set>

namespace {

using namespace heberg::proxy;
using kind = enum config_test_result::kind;

const config_test_result k_accepted{config_test_result::kind::accepted, {}};

config_test_result refuse(std::string message) {
  return {config_test_result::kind::refused, std::move(message)};
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

struct played {
  publish_action last;
  preamble_lines accepted_preamble;
  std::vector<std::string> judged;
};

using nginx = std::function<config_test_result(const judge_text&)>;

played play(std::vector<std::string> blocks, std::string_view live, const nginx& says) {
  std::vector<shared_config> hosts;
  for (auto& block : blocks)
    hosts.push_back(
        std::make_shared<const host_config>(host_config{.name = {}, .address = {}, .blocks = std::move(block)}));
  publication publication({}, std::move(hosts), live);
  played result{publication.start(), {}, {}};
  while (const auto* judge = std::get_if<judge_text>(&result.last)) {
    result.judged.push_back(judge->text);
    result.last = publication.resume(says(*judge));
    REQUIRE(result.judged.size() < 1000);
  }
  result.accepted_preamble = publication.accepted_preamble();
  return result;
}

std::vector<std::string> blocks_named(std::initializer_list<const char*> names) {
  std::vector<std::string> blocks;
  for (const auto* name : names) blocks.push_back("<" + std::string(name) + ">\n");
  return blocks;
}

std::set<std::size_t> left_out(const put_in_place& put) {
  std::set<std::size_t> indices;
  for (const auto& [index, message] : put.left_out) indices.insert(index);
  return indices;
}

}  // namespace

TEST_CASE("a text that nginx accepts is put into place, tested once and whole") {
  const auto end = play(blocks_named({"a", "b"}), "old", [](const judge_text& judge) {
    CHECK(judge.scope == test_scope::whole);
    return k_accepted;
  });
  const auto& put = std::get<put_in_place>(end.last);
  CHECK(end.judged.size() == 1);
  CHECK(put.text == render_preamble({}) + "<a>\n<b>\n");
  CHECK(put.left_out.empty());
  CHECK(put.foreign_fault.empty());
  CHECK_FALSE(put.unjudged);
}

TEST_CASE("an equal text is not even tested") {
  const auto end =
      play(blocks_named({"a"}), render_preamble({}) + "<a>\n", [](const judge_text&) { return k_accepted; });
  CHECK(std::get<keep_old>(end.last).unchanged);
  CHECK(end.judged.empty());
}

TEST_CASE("hosts that nginx refuses are left out, all others are served, and the text was accepted") {
  for (const std::set<std::size_t>& bad :
       {std::set<std::size_t>{0}, {7}, {3}, {0, 7}, {2, 3}, {1, 4, 6}, {0, 1, 2, 3, 4, 5, 6, 7}}) {
    std::string accepted;
    const auto end = play(blocks_named({"0", "1", "2", "3", "4", "5", "6", "7"}), "old", [&](const judge_text& judge) {
      for (const auto index : bad) {
        if (has(judge.text, "<" + std::to_string(index) + ">")) return refuse("bad " + std::to_string(index));
      }
      accepted = judge.text;
      return k_accepted;
    });
    const auto& put = std::get<put_in_place>(end.last);
    CHECK(left_out(put) == bad);
    CHECK(put.text == accepted);
    for (const auto& [index, message] : put.left_out) CHECK(message == "bad " + std::to_string(index));
    for (std::size_t i = 0; i < 8; ++i) CHECK(has(put.text, "<" + std::to_string(i) + ">") == !bad.contains(i));
  }
}

TEST_CASE("of two hosts that nginx takes alone but not together, the later one is left out") {
  const auto end = play(blocks_named({"a", "b", "c", "d"}), "old", [](const judge_text& judge) {
    return has(judge.text, "<b>") && has(judge.text, "<c>") ? refuse("duplicate") : k_accepted;
  });
  CHECK(left_out(std::get<put_in_place>(end.last)) == std::set<std::size_t>{2});
}

TEST_CASE("one bad host among ten thousand takes fewer than forty judgements") {
  std::vector<std::string> blocks;
  for (int i = 0; i < 10'000; ++i) blocks.push_back("<" + std::to_string(i) + ">");
  const auto end = play(std::move(blocks), "old",
                        [](const judge_text& judge) { return has(judge.text, "<7777>") ? refuse("bad") : k_accepted; });
  CHECK(left_out(std::get<put_in_place>(end.last)) == std::set<std::size_t>{7777});
  CHECK(end.judged.size() < 40);
}

TEST_CASE("a fault outside of our text is reported, and our text is tested alone and put into place") {
  const auto end = play(blocks_named({"a"}), "old", [](const judge_text& judge) {
    return judge.scope == test_scope::whole ? refuse("unknown directive in sites-enabled/x") : k_accepted;
  });
  const auto& put = std::get<put_in_place>(end.last);
  CHECK(put.text == render_preamble({}) + "<a>\n");
  CHECK(put.foreign_fault == "unknown directive in sites-enabled/x");
  CHECK(put.left_out.empty());
}

TEST_CASE("behind a fault that is not ours, a bad host of ours is found too") {
  const auto end = play(blocks_named({"a", "b"}), "old", [](const judge_text& judge) {
    if (judge.scope == test_scope::whole) return refuse("foreign");
    return has(judge.text, "<b>") ? refuse("bad b") : k_accepted;
  });
  const auto& put = std::get<put_in_place>(end.last);
  CHECK(put.text == render_preamble({}) + "<a>\n");
  CHECK(put.foreign_fault == "foreign");
  CHECK(left_out(put) == std::set<std::size_t>{1});
}

TEST_CASE("where the sysadmin has a default server, ours gives way") {
  const auto end = play(blocks_named({"a"}), "old", [](const judge_text& judge) {
    return has(judge.text, "default_server")
               ? refuse("[emerg] a duplicate default server for 0.0.0.0:80 in /etc/nginx/x:3")
               : k_accepted;
  });
  CHECK(std::get<put_in_place>(end.last).text ==
        render_preamble({.preamble = {.default_server = false, .hash_sizes = true}}) + "<a>\n");
  CHECK_FALSE(end.accepted_preamble.default_server);
  CHECK(end.accepted_preamble.hash_sizes);
  CHECK(end.judged.size() == 2);
}

TEST_CASE("where the sysadmin has set the hash sizes and a default server, both give way") {
  const auto end = play(blocks_named({"a"}), "old", [](const judge_text& judge) {
    if (has(judge.text, "server_names_hash_"))
      return refuse("[emerg] \"server_names_hash_bucket_size\" directive is duplicate in x:1");
    return has(judge.text, "default_server") ? refuse("a duplicate default server for [::]:80") : k_accepted;
  });
  CHECK(std::holds_alternative<put_in_place>(end.last));
  CHECK(end.accepted_preamble == preamble_lines{.default_server = false, .hash_sizes = false});
}

TEST_CASE("a text that equals the live one once ours has given way is left alone") {
  const render_options given_way{.preamble = {.default_server = false, .hash_sizes = true}};
  const auto live = render_preamble(given_way) + "<a>\n";
  const auto end =
      play(blocks_named({"a"}), live, [](const judge_text&) { return refuse("a duplicate default server for"); });
  CHECK(std::get<keep_old>(end.last).unchanged);
  CHECK_FALSE(end.accepted_preamble.default_server);
}

TEST_CASE("without nginx the text is put into place, and reported as untested") {
  const auto end = play(blocks_named({"a"}), "old", [](const judge_text&) {
    return config_test_result{kind::not_installed, "not installed"};
  });
  CHECK(std::get<put_in_place>(end.last).unjudged);
}

TEST_CASE("an nginx that gives no answer changes nothing, at the first question or a later one") {
  for (const std::size_t answers : {0U, 1U, 2U, 3U}) {
    std::size_t asked = 0;
    const auto end = play(blocks_named({"a", "b", "c"}), "old", [&](const judge_text& judge) {
      if (asked++ == answers) return config_test_result{kind::failed, "gave no answer in time"};
      return has(judge.text, "<b>") ? refuse("bad") : k_accepted;
    });
    INFO(answers);
    CHECK_FALSE(std::get<keep_old>(end.last).unchanged);
    CHECK(std::get<keep_old>(end.last).reason == "gave no answer in time");
  }
}

TEST_CASE("an nginx that refuses everything ends the search") {
  std::vector<std::string> blocks(300, "<x>");
  bool empty_seen = false;
  const auto end = play(std::move(blocks), "old", [&](const judge_text& judge) {
    const bool empty = !has(judge.text, "<x>");
    empty_seen = empty_seen || empty;
    return empty ? k_accepted : refuse("no");
  });
  CHECK(empty_seen);
  const auto& kept = std::get<keep_old>(end.last);
  CHECK(has(kept.reason, "too many hosts are refused"));
  CHECK(kept.left_out.size() > 100);  // so that another search comes to an end
}
