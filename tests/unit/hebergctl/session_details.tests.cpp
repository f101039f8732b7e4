// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/session_details.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <unistd.h>

using namespace heberg::ctl;
using heberg::test::temp_dir;
using heberg::test::write_file;
namespace fs = std::filesystem;

namespace {

constexpr char k_head[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
constexpr char k_tcp[] =
    "   0: 0100007F:0016 0202000A:C350 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 20 4 0 10 "
    "-1\n";
constexpr char k_tcp6[] =
    "   0: 00000000000000000000000001000000:0016 B80D0120000000000000000001000000:C351 01 00000000:00000000 "
    "00:00000000 "
    "00000000     0        0 4712 1 0 20 4 0 10 -1\n"
    "   1: 0000000000000000FFFF00000100007F:0016 0000000000000000FFFF00000302000A:C352 01 00000000:00000000 "
    "00:00000000 "
    "00000000     0        0 4713 1 0 20 4 0 10 -1\n";

}  // namespace

TEST_CASE("a session's peer is found by its socket: IPv4, IPv6, and IPv4-mapped IPv6") {
  CHECK(find_peer(std::string(k_head) + k_tcp, "4711") == "10.0.2.2:50000");
  CHECK(find_peer(std::string(k_head) + k_tcp6, "4712") == "[2001:db8::1]:50001");
  CHECK(find_peer(std::string(k_head) + k_tcp6, "4713") == "10.0.2.3:50002");
  CHECK(find_peer(std::string(k_head) + k_tcp, "471").empty());
  CHECK(find_peer("no table at all", "4711").empty());
  CHECK(find_peer("0: a b c d e f g h 4711", "4711").empty());
}

TEST_CASE("a session's start comes from the process and the boot, whatever the process is called") {
  const temp_dir procs;
  fs::create_directory(procs / "7");
  write_file(procs / "stat", "cpu 1 2 3\nbtime 1000000\nprocesses 5\n");
  write_file(procs / "7/stat", "7 (ss) S 0 9) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12300 0 0\n");
  const auto started = started_at(procs.path().string(), 7);
  REQUIRE(started);
  const auto expected = std::chrono::milliseconds(1000000LL * 1000 + 12300LL * 1000 / ::sysconf(_SC_CLK_TCK));
  CHECK(started->time_since_epoch() == expected);
  CHECK_FALSE(started_at(procs.path().string(), 8));
}

TEST_CASE("a session whose descriptors cannot be read has no client, and is listed all the same") {
  const temp_dir procs;
  fs::create_directories(procs / "7/net");
  write_file(procs / "7/net/tcp", std::string(k_head) + k_tcp);
  CHECK(client_of(procs.path().string(), 7).empty());
  fs::create_directory(procs / "7/fd");
  fs::create_symlink("socket:[4711]", procs / "7/fd/3");
  CHECK(client_of(procs.path().string(), 7) == "10.0.2.2:50000");
  const std::vector<session_row> rows = {{.site = "a", .process = 7, .since = {}, .client = {}}};
  CHECK(print_table(rows) == "SITE  PID  SINCE  CLIENT\na     7    -      -\n");
}
