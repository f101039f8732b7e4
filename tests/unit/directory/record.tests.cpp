// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/record.h"

#include "directory/format.h"

#include <catch2/catch.hpp>

#include <cstdio>
#include <string>

using namespace heberg::directory;

namespace {

std::string pack(std::size_t number) {
  const std::uint32_t little = htole32(static_cast<std::uint32_t>(number));
  return {reinterpret_cast<const char*>(&little), sizeof little};
}

std::string make_record(const std::string& key, const std::string& line) {
  char seal[16];
  std::snprintf(seal, sizeof seal, "%08x ", seal_of(key, line));
  return pack(key.size()) + pack(k_seal_size + line.size()) + key + seal + line;
}

}  // namespace

TEST_CASE("a record is read as it was made, whatever follows it") {
  const std::string bytes = make_record("n:site_1", "some line");
  const std::string followed = bytes + "rest";
  record out;
  REQUIRE(read_record(followed, out) == record_state::whole);
  CHECK(out.key == "n:site_1");
  CHECK(out.line == "some line");
  CHECK(out.size == bytes.size());
}

TEST_CASE("a record that is cut anywhere is partial, and says how long it is once that can be told") {
  const std::string bytes = make_record("n:site_1", "some line");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    INFO(size);
    record out;
    CHECK(read_record(bytes.substr(0, size), out) == record_state::partial);
    CHECK(out.size == (size < k_lengths_size ? 0 : bytes.size()));
  }
}

TEST_CASE("a record with any byte changed to any other is never whole") {
  const std::string bytes = make_record("n:site_1", "some line");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      record out;
      if (read_record(damaged, out) == record_state::whole) FAIL("byte " << at << " with " << flip);
    }
  }
}

TEST_CASE("lengths that no record has are damage, not a reason to read on") {
  const std::string rest(2000, 'x');
  for (const auto& [key, value] : {std::pair<std::size_t, std::size_t>{0, 20},
                                   {k_key_max + 1, 20},
                                   {3, k_seal_size - 1},
                                   {3, k_seal_size + k_line_max + 1},
                                   {0xffffffff, 0xffffffff},
                                   {0xfffffff8, 20},
                                   {3, 0xffffffff}}) {
    INFO(key << " " << value);
    record out;
    CHECK(read_record(pack(key) + pack(value) + rest, out) == record_state::damaged);
  }
}

TEST_CASE("hex is eight lower-case digits, nothing else") {
  std::uint32_t out = 7;
  CHECK(read_hex("0000ffff", out));
  CHECK(out == 0xffff);
  CHECK(read_hex("ffffffff", out));
  CHECK(out == 0xffffffff);
  for (const char* text :
       {"", "0", "0000fff", "0000ffff0", "0000FFFF", "0000fffg", " 000ffff", "-000ffff", "0x00ffff"}) {
    INFO(text);
    CHECK_FALSE(read_hex(text, out));
  }
}
