// SPDX-License-Identifier: LGPL-2.1-or-later
#include "control/argument_literal.h"

#include <catch2/catch.hpp>

using namespace heberg::control;

namespace {

std::string second_argument(std::string_view line) {
  const auto found = find_second_argument(line);
  return found ? std::string(line.substr(found->begin, found->end - found->begin)) : "(none)";
}

}  // namespace

TEST_CASE("the second string of the top object's arguments is found, and no other") {
  CHECK(second_argument(R"({"arguments":["set","pass"],"verb":"passwd"})") == "pass");
  CHECK(second_argument(R"({ "verb" : "passwd" , "arguments" : [ "set" , "a\"b\\" , "c" ] })") == R"(a\"b\\)");
  CHECK(second_argument(R"({"arguments":["a",""]})").empty());
  CHECK(second_argument(R"({"verb":"arguments","x":["a","b"]})") == "(none)");
  CHECK(second_argument(R"({"x":{"arguments":["a","b"]}})") == "(none)");
  CHECK(second_argument(R"({"x":["arguments",":","b"]})") == "(none)");
  CHECK(second_argument(R"({"arguments":{"a":"b"}})") == "(none)");
  CHECK(second_argument(R"({"arguments":["a"],"x":["b","c"]})") == "(none)");
}

TEST_CASE("text that is not JSON is no danger") {
  for (const char* line : {"", "\"", "{\"arguments\":[\"a\",\"b", "{\"arguments\":[\"a\",\"b\\", "]]]]\"a\"", "\\"}) {
    INFO(line);
    CHECK(second_argument(line) == "(none)");
  }
}

TEST_CASE("printable ASCII is escaped and unescaped here, the rest is left to the JSON library") {
  const auto escaped = escape(R"(a "b" \c)");
  REQUIRE(escaped);
  CHECK(escaped->view() == R"(a \"b\" \\c)");
  CHECK(unescape(escaped->view())->view() == R"(a "b" \c)");
  for (const char* text : {"caf\xC3\xA9", "tab\there", "line\nend"}) CHECK_FALSE(escape(text));
  for (const char* literal : {R"(\u0041)", R"(\n)", "\xff", "\\"}) CHECK_FALSE(unescape(literal));
  CHECK_FALSE(escape(std::string(2000, 'a')));
}
