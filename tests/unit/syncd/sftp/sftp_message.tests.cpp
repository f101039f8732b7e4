// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/sftp/sftp_message.h"

#include "syncd/logs/line_budget.h"

#include <catch2/catch.hpp>

using namespace heberg::syncd;
using namespace std::chrono_literals;

TEST_CASE("a message of syslog(3) is taken apart, and what is not of its form is text as it is") {
  const auto [datagram, severity, text] = GENERATE(table<std::string, int, std::string>({
      {"<38>Nov 24 21:45:00 internal-sftp[123]: open \"/www/x\" flags READ mode 0666", 6,
       "open \"/www/x\" flags READ mode 0666"},
      {"<83>Nov  4 01:02:03 sshd[1]: pam_heberg(sshd:session): site a: session opened\n", 3,
       "pam_heberg(sshd:session): site a: session opened"},
      {"<38>Nov 24 21:45:00 sshd: no number", 6, "no number"},
      {"no form at all", 6, "no form at all"},
      {"", 6, ""},
      {"<", 6, "<"},
      {"<38>", 6, ""},
      {"<99999>x", 6, "<99999>x"},
      {"<-1>x", 6, "<-1>x"},
      {"<38>Nov 24 21:45:0x sshd[1]: x", 6, "Nov 24 21:45:0x sshd[1]: x"},
      {"<38>two words: x", 6, "two words: x"},
      {"<38>sshd[1x]: x", 6, "sshd[1x]: x"},
      {": x", 6, ": x"},
      {std::string("<38>sshd[1]: x\0", 15), 6, "x"},
  }));
  INFO(datagram);
  const auto message = parse_syslog(datagram);
  CHECK(message.severity == severity);
  CHECK(message.text == text);
}

TEST_CASE("a line has time and process, and no text can end it, begin another or grow without bound") {
  const auto at = std::chrono::system_clock::from_time_t(1'700'000'000);
  CHECK(format_sftp_line(at, 4711, "close \"/www/é\"") == "2023-11-14T22:13:20Z [4711] close \"/www/é\"\n");
  CHECK(format_sftp_line(at, 0, "a\n2023-11-14T22:13:20Z [1] forged\x1b[2J") ==
        "2023-11-14T22:13:20Z [0] a\\x0a2023-11-14T22:13:20Z [1] forged\\x1b[2J\n");
  const auto longest = format_sftp_line(at, 1, std::string(100'000, 'x'));
  CHECK(longest.size() < 1100);
  CHECK(longest.ends_with(" [cut]\n"));
}

TEST_CASE("a sender has a burst of so many lines and then so many a second, and learns how many were dropped") {
  line_budget budget({10, 3});
  line_budget::time_point now(1h);
  for (int i = 0; i < 3; ++i) CHECK(budget.take(now) == 0u);
  CHECK_FALSE(budget.take(now));
  CHECK_FALSE(budget.take(now + 50ms));
  CHECK(budget.take(now + 150ms) == 2u);
  CHECK_FALSE(budget.take(now + 160ms));
  now += 10s;
  CHECK(budget.take(now) == 1u);
  for (int i = 0; i < 2; ++i) CHECK(budget.take(now) == 0u);
  CHECK_FALSE(budget.take(now));
}

TEST_CASE("a sender has a burst of so many bytes, too, and what does not fit keeps out nothing that does") {
  line_budget budget({1000, 1000}, {100, 250});
  line_budget::time_point now(1h);
  CHECK(budget.take(now, 200) == 0u);
  CHECK_FALSE(budget.take(now, 60));
  CHECK(budget.take(now, 50) == 1u);
  CHECK_FALSE(budget.take(now + 900ms, 100));
  CHECK(budget.take(now + 1100ms, 100) == 1u);
  CHECK_FALSE(budget.take(now + 100h, 251));
}
