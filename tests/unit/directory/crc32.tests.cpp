// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/crc32.h"

#include <catch2/catch.hpp>

#include <string>

using heberg::directory::crc32;

TEST_CASE("the check value of CRC-32 is the standard's") {
  CHECK(crc32("123456789") == 0xcbf43926);
  CHECK(crc32("") == 0);
  CHECK(crc32("The quick brown fox jumps over the lazy dog") == 0x414fa339);
}

TEST_CASE("a CRC in parts is the CRC of the whole, wherever it is cut") {
  std::string text;
  for (int i = 0; i < 100; ++i) text.push_back(static_cast<char>(i * 37));
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    INFO(cut);
    CHECK(crc32(text.substr(cut), crc32(text.substr(0, cut))) == crc32(text));
  }
}
