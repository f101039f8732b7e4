// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive/manifest.h"

#include "archive/paths.h"

#include <catch2/catch.hpp>

using namespace heberg::archive;

TEST_CASE("a head comes back from its text, and an invalid one does not") {
  const head about{
      .site = "site_1", .uid = 20000, .is_locked = true, .lock_reason = "bill \"3\"", .specification = "{}"};
  CHECK(parse_head(to_text(about)) == about);
  auto served = about;
  served.certificates = {"example.org", "_wild"};
  CHECK(parse_head(to_text(served)) == served);
  const auto odd =
      parse_head(R"({"format":1,"site":"a","uid":20000,"certificates":["../x","","a b",".","\u001b[31m",7,"fine"]})");
  REQUIRE(odd);
  CHECK(odd->certificates == std::vector<std::string>{"fine"});
  for (const char* text : {"", "[]", R"({"format":2,"site":"a","uid":20000})",
                           R"({"format":1,"site":"root","uid":20000})", R"({"format":1,"site":"../a","uid":20000})",
                           R"({"format":1,"site":"a","uid":0})", R"({"format":1,"site":"a","uid":-1})",
                           R"({"format":1,"site":"a","uid":4294987296})", R"({"format":1,"site":"a"})"}) {
    INFO(text);
    CHECK_FALSE(parse_head(text));
  }
}

TEST_CASE("a manifest comes back from its text, names in any bytes") {
  const manifest facts = {
      {"", {'d', 0, ""}}, {"www", {'d', 0, ""}}, {"www/a b\n%\xff", {'f', 5, "00ff"}}, {"www/.", {'f', 0, "00"}}};
  auto sound = facts;
  sound.erase("www/.");
  CHECK(parse_manifest(to_text(sound)) == sound);
  CHECK_FALSE(parse_manifest(to_text(facts)));
  for (const char* text : {"f 1 00 a", "x 1 00 a\n", "f -1 00 a\n", "f 1 00\n", "f 1 00 a b\n", "f 1 00 a\nf 1 00 a\n",
                           "f 1 00 %2e%2e/a\n", "f 1 00 %zz\n", "f 1 00 /a\n"}) {
    INFO(text);
    CHECK_FALSE(parse_manifest(text));
  }
}

TEST_CASE("a path is valid where no component of it leads elsewhere") {
  for (const char* path : {"", "a", "a/b", "...", "a/.hidden", "\xff\n"}) CHECK(is_valid_path(path));
  for (const char* path : {"/a", "a/", "a//b", ".", "..", "a/../b", "a/."}) CHECK_FALSE(is_valid_path(path));
  CHECK_FALSE(is_valid_path(std::string(256, 'a')));
  CHECK_FALSE(is_valid_path(std::string_view("a\0b", 3)));
  std::string deep = "a";
  for (std::size_t i = 1; i < k_depth_max; ++i) deep += "/a";
  CHECK(is_valid_path(deep));
  CHECK_FALSE(is_valid_path(deep + "/a"));
}

TEST_CASE("a symbolic link stays inside where its target never climbs above the tree") {
  CHECK(stays_inside("www/a", "b"));
  CHECK(stays_inside("www/a", "../logs/access.log"));
  CHECK(stays_inside("www/a", "./x/../../www"));
  CHECK_FALSE(stays_inside("www/a", "../../x"));
  CHECK_FALSE(stays_inside("www/a", "x/../../../x"));
  CHECK_FALSE(stays_inside("a", ".."));
  CHECK_FALSE(stays_inside("www/a", "/etc/passwd"));
  CHECK_FALSE(stays_inside("www/a", ""));
}
