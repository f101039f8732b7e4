// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/hex.h"

#include "base/random_hex.h"

#include <catch2/catch.hpp>

#include <array>
#include <set>

using namespace heberg;

TEST_CASE("bytes are two lower-case digits each") {
  CHECK(to_hex(std::array<unsigned char, 4>{0x00, 0x0f, 0xa5, 0xff}) == "000fa5ff");
  CHECK(to_hex(std::array<unsigned char, 0>{}).empty());
}

TEST_CASE("random names have the length asked for, and are never the same") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto text = random_hex(8);
    CHECK(text.size() == 16);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
    seen.insert(text);
  }
  CHECK(seen.size() == 100);
}
