// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json/fields.h"

#include "json/parse.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace heberg;

TEST_CASE("fields have their value where they are of the type asked for") {
  const auto document = parse_json(R"({"text":"a","flag":true,"number":7,"less":-1,"part":1.5,"inner":{"x":"y"}})");
  CHECK(json_fields::text(document, "text") == "a");
  CHECK(json_fields::flag(document, "flag", false));
  CHECK(json_fields::number(document, "number") == 7U);
  CHECK(json_fields::text(json_fields::field(document, "inner"), "x") == "y");

  CHECK(json_fields::text(document, "number").empty());
  CHECK(json_fields::flag(document, "text", true));
  CHECK_FALSE(json_fields::number(document, "less"));
  CHECK_FALSE(json_fields::number(document, "part"));
  CHECK_FALSE(json_fields::number(document, "text"));
}

TEST_CASE("what is no object has no fields") {
  for (const auto* text : {"{", "[]", "1", "null", "\"text\"", "{}"}) {
    INFO(text);
    const auto document = parse_json(text);
    CHECK(json_fields::field(document, "text").is_null());
    CHECK(json_fields::text(document, "text").empty());
    CHECK(json_fields::flag(document, "text", true));
    CHECK_FALSE(json_fields::number(document, "text"));
  }
}
