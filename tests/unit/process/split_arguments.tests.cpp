// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process/split_arguments.h"

#include <catch2/catch.hpp>

using heberg::split_arguments;

TEST_CASE("arguments are split at blanks alone") {
  CHECK(split_arguments("  a  b\"c d'  ") == std::vector<std::string>{"a", "b\"c", "d'"});
  CHECK(split_arguments("a\tb\nc") == std::vector<std::string>{"a", "b", "c"});
  CHECK(split_arguments(" ").empty());
}
