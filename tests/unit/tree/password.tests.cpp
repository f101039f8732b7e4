// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/password.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace heberg::tree;
using Catch::Contains;

namespace {
const std::string k_yescrypt = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7";
const std::string k_sha512 =
    "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/";
}  // namespace

TEST_CASE("a line is a hash, the password itself, a switch-off, or refused") {
  const auto [line, kind] = GENERATE(table<std::string, line_kind>({
      {"", line_kind::empty},
      {"*", line_kind::empty},
      {"!", line_kind::empty},
      {"!!", line_kind::empty},
      {"!" + k_sha512, line_kind::empty},
      {k_yescrypt, line_kind::hash},
      {k_sha512, line_kind::hash},
      {"$6$rounds=5000$saltsalt$" + k_sha512.substr(12), line_kind::hash},
      {"$5$saltsalt$" + std::string(43, 'a'), line_kind::hash},
      {"$1$saltsalt$" + std::string(22, 'a'), line_kind::hash},
      {"$2b$12$" + std::string(53, 'a'), line_kind::hash},
      {"secret", line_kind::password},
      {" two words ", line_kind::password},
      {"p\xc3\xa4ss", line_kind::password},
      {"$ecret", line_kind::password},
      {"!secret", line_kind::password},
      {"x", line_kind::password},
      {"abcdefghijklm", line_kind::password},  // 13 letters: no DES hash
      {"$6", line_kind::password},
      {"$6$", line_kind::bad},
      {"$6$saltsalt$short", line_kind::bad},
      {k_sha512 + "x", line_kind::bad},
      {k_sha512 + ":0:0", line_kind::bad},
      {"$y$j9T$salt", line_kind::bad},
      {k_yescrypt.substr(0, k_yescrypt.size() - 1) + "\n", line_kind::bad},
      {std::string("a\0b", 3), line_kind::bad},
      {std::string(511, 'p'), line_kind::password},
      {std::string(512, 'p'), line_kind::bad},
  }));
  INFO(line);
  const auto result = classify_line(line);
  CHECK(result.kind == kind);
  CHECK(result.reason.empty() == (kind != line_kind::bad));
}

TEST_CASE("the reason never repeats the line") {
  CHECK_THAT(classify_line("$6$hunter2").reason, !Contains("hunter2"));
}

TEST_CASE("a hash is yescrypt's at Debian's cost, is its password's and no other's, and never the same twice") {
  const secret password("correct horse");
  const auto hash = hash_password(password);
  CHECK_THAT(hash, Catch::StartsWith("$y$j9T$"));
  CHECK(classify_line(hash).kind == line_kind::hash);
  CHECK(is_hash_of(hash, password));
  CHECK_FALSE(is_hash_of(hash, secret("correct hors")));
  CHECK(hash_password(password) != hash);
}

TEST_CASE("no password has a hash that is none") {
  CHECK_FALSE(is_hash_of("*", secret("*")));
  CHECK_FALSE(is_hash_of("", secret("")));
  CHECK_FALSE(is_hash_of("$nonsense$", secret("x")));
}

TEST_CASE(
    "a generated password has 20 unmistakable characters, all of them in use, and is a password to classify_line") {
  std::set<char> seen;
  std::set<std::string> all;
  for (int i = 0; i < 200; ++i) {
    const auto password = generate_password();
    REQUIRE(password.view().size() == 20);
    CHECK(classify_line(password.view()).kind == line_kind::password);
    seen.insert(password.view().begin(), password.view().end());
    all.emplace(password.view());
  }
  CHECK(seen.size() == 57);
  CHECK(all.size() == 200);
  for (const char c : {'0', 'O', '1', 'l', 'I'}) CHECK_FALSE(seen.contains(c));
}

TEST_CASE("a secret moves without a copy and is empty after") {
  secret a("short");
  const char* bytes = a.view().data();
  secret b(std::move(a));
  CHECK(b.view().data() == bytes);
  CHECK(a.view().empty());
  CHECK(std::string(a.c_str()).empty());
  secret c;
  c = std::move(b);
  CHECK(c.view() == "short");
}
