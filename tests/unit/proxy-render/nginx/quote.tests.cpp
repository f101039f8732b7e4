// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/quote.h"

#include <catch2/catch.hpp>

#include <stdexcept>

using heberg::proxy::quote;
using heberg::proxy::upstream_name;

TEST_CASE("a quoted value ends where it should, whatever is in it") {
  CHECK(quote("") == R"("")");
  CHECK(quote("a b;{}#'$x") == R"("a b;{}#'$x")");
  CHECK(quote(R"(a"b)") == R"("a\"b")");
  CHECK(quote(R"(a\)") == R"("a\\")");
  CHECK(quote(R"(\.\n\")") == R"("\\.\\n\\\"")");
}

TEST_CASE("a control character is never quoted") {
  CHECK_THROWS_AS(quote("a\nb"), std::invalid_argument);
  CHECK_THROWS_AS(quote(std::string_view("\0", 1)), std::invalid_argument);
  CHECK_THROWS_AS(quote("\x7f"), std::invalid_argument);
}

TEST_CASE("two hosts never share an upstream's name, though nginx compares without case") {
  CHECK(upstream_name("www.example.org") == "heberg-www.example.org");
  CHECK(upstream_name("*.x") == "heberg-+2a.x");
  CHECK(upstream_name("~^A") == "heberg-+7e+5e+41");
  CHECK(upstream_name("~^a") == "heberg-+7e+5ea");
  CHECK(upstream_name("+2a") == "heberg-+2b2a");
}
