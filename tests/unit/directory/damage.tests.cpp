// SPDX-License-Identifier: LGPL-2.1-or-later
// What a reader says about a file that is not as it was written: "damaged", or the truth; never a wrong account, and
// never "not found" for an account that was published.
#include "directory/cursor.h"
#include "directory/reader.h"
#include "support/published.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace heberg::directory;
using heberg::test::make_accounts;
using heberg::test::published;
using heberg::test::read_file;
using heberg::test::scoped_cursor;

namespace {

struct damage_fixture {
  static constexpr std::uint32_t k_count = 40;
  published directory{k_count};
  std::vector<account> accounts = make_accounts(k_count);
  std::string good_accounts = read_file(directory.accounts_path());
  std::string good_shadow = read_file(directory.shadow_path());
  record_buffer buffer{};

  // Every lookup tells the truth or says "damaged". Returns how many said "damaged".
  int check_truth() {
    int damaged = 0;
    account_entry found;
    shadow_entry shadow;
    const auto judge = [&](status result, bool is_true) {
      if (result == status::damaged) {
        ++damaged;
      } else if (result != status::found || !is_true) {
        FAIL("a wrong answer");
      }
    };
    for (const account& a : accounts) {
      status result = find_account(directory.accounts(), a.name, buffer, found);
      judge(result, result == status::found && found.id == a.id && found.name == a.name && found.home == a.home &&
                        found.gecos == a.gecos && found.shell == a.shell);
      result = find_account(directory.accounts(), a.id, buffer, found);
      judge(result, result == status::found && found.id == a.id && found.name == a.name);
      result = find_shadow(directory.shadow(), a.name, buffer, shadow);
      judge(result, result == status::found && shadow.hash == a.hash && shadow.expire == a.expire);
    }
    for (const char* name : {"other", "x", "zzz"}) {
      const status result = find_account(directory.accounts(), name, buffer, found);
      if (result == status::damaged) {
        ++damaged;
      } else if (result != status::not_found) {
        FAIL("a wrong answer");
      }
    }
    return damaged;
  }

  // An enumeration gives the accounts in order, and may end in "damaged" but not early.
  void check_enumeration() const {
    std::vector<std::string> names;
    for (const account& a : accounts) names.push_back(a.name);
    std::sort(names.begin(), names.end());
    scoped_cursor all;
    account_entry entry;
    std::size_t given = 0;
    status result = status::found;
    while ((result = all.peek(directory.accounts(), entry)) == status::found) {
      if (given >= names.size() || entry.name != names[given]) FAIL("a wrong entry");
      ++given;
      all.advance();
    }
    if (result != status::damaged && !(result == status::not_found && given == names.size())) FAIL("a wrong end");
  }
};

}  // namespace

TEST_CASE_METHOD(damage_fixture, "a file cut at any place is seen as damaged by every call") {
  for (std::size_t i = 0; i < 400; ++i) {
    const std::size_t size = i < 200 ? good_accounts.size() * i / 200 : good_accounts.size() - (i - 199);
    INFO(size);
    directory.put(directory.accounts_path(), std::string_view(good_accounts).substr(0, size));
    directory.put(directory.shadow_path(), std::string_view(good_shadow).substr(0, good_shadow.size() * i / 400));
    REQUIRE(check_truth() == static_cast<int>(3 * k_count + 3));
    check_enumeration();
  }
}

TEST_CASE_METHOD(damage_fixture, "a file with bytes behind its end is damaged") {
  directory.put(directory.accounts_path(), good_accounts + "x");
  directory.put(directory.shadow_path(), good_shadow + std::string(4096, '\0'));
  CHECK(check_truth() == static_cast<int>(3 * k_count + 3));
}

TEST_CASE_METHOD(damage_fixture, "no changed byte makes a wrong answer") {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same run each time
  for (int round = 0; round < 1000; ++round) {
    std::string accounts_bytes = good_accounts;
    std::string shadow_bytes = good_shadow;
    const std::size_t at = random() % accounts_bytes.size();
    const auto flip = static_cast<char>(1 + random() % 255);
    INFO(at << " ^ " << int(flip));
    accounts_bytes[at] = static_cast<char>(accounts_bytes[at] ^ flip);
    shadow_bytes[at % shadow_bytes.size()] = static_cast<char>(shadow_bytes[at % shadow_bytes.size()] ^ flip);
    directory.put(directory.accounts_path(), accounts_bytes);
    directory.put(directory.shadow_path(), shadow_bytes);
    check_truth();
    check_enumeration();
  }
}

TEST_CASE_METHOD(damage_fixture, "a lost block hides no account") {
  constexpr std::size_t k_block = 512;
  for (std::size_t at = 0; at < good_accounts.size(); at += k_block) {
    INFO(at);
    std::string bytes = good_accounts;
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), std::min(k_block, bytes.size() - at), '\0');
    directory.put(directory.accounts_path(), bytes);
    check_truth();
    check_enumeration();
  }
}

TEST_CASE_METHOD(damage_fixture, "an empty file is damaged") {
  directory.put(directory.accounts_path(), "");
  directory.put(directory.shadow_path(), "");
  CHECK(check_truth() == static_cast<int>(3 * k_count + 3));
}
