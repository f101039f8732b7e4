// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json/parse.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>

using namespace heberg;

TEST_CASE("what is not JSON is a discarded value, no exception") {
  for (const std::string bad : {"", "{", "{}x", "nul", "\xff", "\"\xff\"", "{\"a\":1,}", "[1e999]"}) {
    INFO(bad);
    CHECK(parse_json(bad).is_discarded());
    CHECK_FALSE(parse_json(bad).is_object());
  }
  CHECK(parse_json("{\"a\": [1, null]}") == nlohmann::json({{"a", {1, nullptr}}}));
}

TEST_CASE("a document above the size is not read") {
  CHECK(parse_json("[1,2]", {.bytes = 5}).is_array());
  CHECK(parse_json("[1,2]", {.bytes = 4}).is_discarded());
}

TEST_CASE("a document above the depth is refused, or read without what is too deep") {
  const std::string text = R"({"a":{"b":[1]},"c":2})";
  CHECK(parse_json(text, {.depth = 3})["c"] == 2);
  CHECK(parse_json(text, {.depth = 2}).is_discarded());
  CHECK(parse_json(text, {.depth = 2, .how = too_deep::leave_out}) == nlohmann::json::parse(R"({"a":{},"c":2})"));
  CHECK(parse_json(std::string(1000000, '[') + std::string(1000000, ']')).is_discarded());
  CHECK(parse_json(std::string(1000000, '[')).is_discarded());
}

TEST_CASE("an ordered document keeps its order") {
  CHECK(parse_ordered_json(R"({"b":1,"a":2})").dump() == R"({"b":1,"a":2})");
  CHECK(parse_ordered_json("{").is_discarded());
  CHECK(parse_ordered_json("[[1]]", {.depth = 1}).is_discarded());
}
