// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/site_name.h"

#include <catch2/catch.hpp>

using heberg::ctl::explain_invalid_name;

TEST_CASE("a refused site name is quoted, with what a valid one looks like") {
  CHECK(explain_invalid_name("Bad_Name") ==
        "invalid site name \"Bad_Name\": use 1 to 32 of a-z 0-9 _ . -, starting with a letter or _");
  CHECK(explain_invalid_name("") ==
        "invalid site name \"\": use 1 to 32 of a-z 0-9 _ . -, starting with a letter or _");
}

TEST_CASE("a name that has the right form, but is not allowed, is refused for its own reason") {
  CHECK(explain_invalid_name("root") ==
        "invalid site name \"root\": Debian uses it for a system user or group: choose another name");
  CHECK(explain_invalid_name("a..b") == "invalid site name \"a..b\": \"..\" is not allowed");
}
