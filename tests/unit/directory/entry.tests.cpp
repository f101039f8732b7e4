// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/entry.h"

#include <catch2/catch.hpp>

#include <string>

using namespace heberg::directory;

TEST_CASE("a passwd line is taken apart") {
  account_entry out;
  REQUIRE(parse_account("site_1:x:20000:20000:www.example.org:/sites/site_1:/usr/sbin/nologin", out));
  CHECK(out.name == "site_1");
  CHECK(out.id == 20000);
  CHECK(out.gecos == "www.example.org");
  CHECK(out.home == "/sites/site_1");
  CHECK(out.shell == "/usr/sbin/nologin");
}

TEST_CASE("a passwd line that no site can have is refused") {
  for (const std::string line : {
           "",
           "site_1",
           "site_1:x:20000:20000:g:/h",          // a field short
           "site_1:x:20000:20000:g:/h:/s:",      // a field more
           "root:x:20000:20000:g:/h:/s",         // a system name
           ":x:20000:20000:g:/h:/s",             // no name
           "Site:x:20000:20000:g:/h:/s",         // not a site's name
           "../x:x:20000:20000:g:/h:/s",         //
           "site_1::20000:20000:g:/h:/s",        // an empty password would let anyone in
           "site_1:$1$a$b:20000:20000:g:/h:/s",  // a hash that everybody can read
           "site_1:x:0:0:g:/h:/s",               // root's id
           "site_1:x:999:999:g:/h:/s",           // the system's
           "site_1:x:65534:65534:g:/h:/s",       // nobody's
           "site_1:x:4294967295:4294967295:g:/h:/s",
           "site_1:x:4294967296:4294967296:g:/h:/s",  // 0, where it is cut to 32 bits
           "site_1:x:20000:0:g:/h:/s",                // another group
           "site_1:x:20000:20001:g:/h:/s",
           "site_1:x::20000:g:/h:/s",
           "site_1:x:-20000:-20000:g:/h:/s",
           "site_1:x:+20000:+20000:g:/h:/s",
           "site_1:x:020000:020000:g:/h:/s",
           "site_1:x: 20000: 20000:g:/h:/s",
           "site_1:x:20000x:20000x:g:/h:/s",
           "site_1:x:20000:20000:g\n:/h:/s",
           "site_1:x:20000:20000:g:h:/s",  // not absolute
           "site_1:x:20000:20000:g:/h:s",
           "site_1:x:20000:20000:g::/s",
       }) {
    INFO(line);
    account_entry out;
    CHECK_FALSE(parse_account(line, out));
    CHECK(out.name.empty());
  }
}

TEST_CASE("a shadow line is taken apart") {
  shadow_entry out;
  REQUIRE(parse_shadow("site_1:$y$j9T$salt$hash:::::::", out));
  CHECK(out.name == "site_1");
  CHECK(out.hash == "$y$j9T$salt$hash");
  CHECK(out.expire == -1);
  CHECK_FALSE(out.is_locked());
  REQUIRE(parse_shadow("site_1:!$y$j9T$salt$hash::::::19000:", out));
  CHECK(out.is_locked());
  CHECK(out.expire == 19000);
  REQUIRE(parse_shadow("site_1:*::::::0:", out));
  CHECK(out.hash == "*");
  CHECK(out.expire == 0);
}

TEST_CASE("a shadow line that the writer would not write is refused") {
  for (const std::string line : {
           "",
           "site_1::::::::",     // an empty hash would let anyone in
           "root:*:::::::",      //
           "site_1:*::::::",     // a field short
           "site_1:*::::::::",   // a field more
           "site_1:*:1::::::",   // ages are not ours to say
           "site_1:*::::::-1:",  //
           "site_1:*::::::x:",   //
           "site_1:*::::::99999999999:",
           "site_1:*:::::::0",
           "site_1:a\nb:::::::",
       }) {
    INFO(line);
    shadow_entry out;
    CHECK_FALSE(parse_shadow(line, out));
  }
}

TEST_CASE("a field has no colon and no control character, wherever it stands and whatever stands beside it") {
  for (std::size_t size = 0; size < 40; ++size) {
    CHECK(is_field(std::string(size, 'a')));
    CHECK(is_field(std::string(size, '\x80')));
    CHECK(is_field(std::string(size, '\xff')));
    for (std::size_t at = 0; at < size; ++at) {
      for (const char around : {' ', '~', '\x80', '\xff'}) {
        for (int byte = 0; byte < 256; ++byte) {
          std::string text(size, around);
          text[at] = static_cast<char>(byte);
          if (is_field(text) != (byte >= 0x20 && byte != 0x7f && byte != ':')) FAIL(size << " " << at << " " << byte);
        }
      }
    }
  }
}
