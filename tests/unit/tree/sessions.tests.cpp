// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/sessions.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace heberg::tree;
using heberg::test::temp_dir;
using heberg::test::write_file;

namespace {

std::string status(const std::string& name, const std::string& uids) {
  return "Name:\t" + name + "\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t7\nUid:\t" + uids + "\nGid:\t0\t0\t0\t0\n";
}

// A process that waits to be killed.
class victim {
 public:
  victim() : pid_(::fork()) {
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      for (;;) ::pause();
    }
  }
  ~victim() {
    if (pid_ > 0) end(SIGKILL);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool was_killed() {
    int state = 0;
    if (::waitpid(pid_, &state, 0) != pid_) return false;
    pid_ = 0;
    return WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL;
  }
  [[nodiscard]] bool is_alive() const { return ::kill(pid_, 0) == 0 && ::waitpid(pid_, nullptr, WNOHANG) == 0; }

 private:
  void end(int signal) {
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid_;
};

void put(const temp_dir& procs, pid_t pid, const std::string& text) {
  const auto folder = procs / std::to_string(pid);
  std::filesystem::create_directory(folder);
  write_file(folder / "status", text);
}

}  // namespace

TEST_CASE("an sshd that has become the account, for good, is its session, nothing else is") {
  const auto [name, uids, expected] = GENERATE(table<std::string, std::string, bool>({
      {"sshd", "20000\t20000\t20000\t20000", true},
      {"sshd-session", "20000\t20000\t20000\t20000", true},
      {"sshd", "0\t20000\t0\t20000", false},
      {"sshd", "0\t0\t0\t0", false},
      {"sshd", "200001\t200001\t200001\t200001", false},
      {"sshd", "20000\t20000\t20000", false},
      {"sshd", "", false},
      {"sshd2", "20000\t20000\t20000\t20000", false},
      {"apache2", "20000\t20000\t20000\t20000", false},
      {"php-fpm", "20000\t20000\t20000\t20000", false},
  }));
  INFO(name << " " << uids);
  CHECK(is_session_of(status(name, uids), 20000) == expected);
}

TEST_CASE("a text that is no status is no session") {
  CHECK_FALSE(is_session_of("", 20000));
  CHECK_FALSE(is_session_of("Name:\tsshd", 20000));
  CHECK_FALSE(is_session_of("Name:\tsshd\nUid:", 20000));
  CHECK_FALSE(is_session_of("\n\n\n", 20000));
}

TEST_CASE("one scan finds the sessions of several accounts, and survives what is no process") {
  const temp_dir procs;
  put(procs, 11, status("sshd", "20000\t20000\t20000\t20000"));
  put(procs, 12, status("sshd", "20001\t20001\t20001\t20001"));
  put(procs, 13, status("sshd", "20002\t20002\t20002\t20002"));
  put(procs, 14, status("apache2", "20000\t20000\t20000\t20000"));
  std::filesystem::create_directory(procs / "15");  // gone between the listing and the read
  std::filesystem::create_directory(procs / "self");
  write_file(procs / "uptime", "1");
  std::set<pid_t> found;
  for (const auto& session : find_sessions(procs.path(), {20000, 20001}, {})) found.insert(session.process);
  CHECK(found == std::set<pid_t>{11, 12});
}

TEST_CASE("a session descends from heberg-sftp's sshd, or from the host's own, a container's sshd is none") {
  const temp_dir procs;
  const auto process = [&](pid_t pid, pid_t parent, const std::string& name, const std::string& uid,
                           const std::string& inner) {
    auto ids = uid;
    for (int i = 0; i < 3; ++i) ids += "\t" + uid;
    put(procs, pid,
        "Name:\t" + name + "\nPPid:\t" + std::to_string(parent) + "\nUid:\t" + ids + "\nNSpid:\t" +
            std::to_string(pid) + inner + "\n");
  };
  process(1, 0, "systemd", "0", "");
  process(50, 1, "containerd-shim", "0", "");
  process(100, 50, "sshd", "0", "\t1");  // heberg-sftp
  process(101, 100, "sshd", "0", "\t7");
  process(102, 101, "sshd", "20000", "\t8");
  process(103, 102, "sshd-session", "20000", "\t9");
  process(200, 50, "sshd", "0", "\t1");  // a site's container, whose root pretends
  process(201, 200, "sshd", "0", "\t7");
  process(202, 201, "sshd", "20000", "\t8");
  process(300, 1, "sshd", "0", "");  // the host's
  process(301, 300, "sshd-session", "0", "");
  process(302, 301, "sshd-session", "20000", "");
  process(400, 50, "sshd", "20000", "");      // of the host's PIDs, but nobody's child
  process(500, 501, "sshd", "20000", "\t4");  // a circle
  process(501, 500, "sshd", "0", "\t5");
  const auto found = [&](const sshd_place& sshd) {
    std::set<pid_t> pids;
    for (const auto& session : find_sessions(procs.path(), {20000}, sshd)) pids.insert(session.process);
    return pids;
  };
  CHECK(found({.is_known = true, .container = 100}) == std::set<pid_t>{102, 103, 302});
  CHECK(found({.is_known = true, .container = 0}) == std::set<pid_t>{302});
  CHECK(found({.is_known = true, .container = 999}) == std::set<pid_t>{302});
  CHECK(found({}) == std::set<pid_t>{102, 103, 202, 302, 400, 500});
}

TEST_CASE("no account costs no scan, and a missing /proc is an error") {
  CHECK(find_sessions("/nonexistent", {}, {}).empty());
  CHECK_THROWS_AS(find_sessions("/nonexistent", {20000}, {}), std::system_error);
}

TEST_CASE("a session is killed, and a site's other processes are not") {
  const temp_dir procs;
  victim session, php;
  put(procs, session.pid(), status("sshd", "20000\t20000\t20000\t20000"));
  put(procs, php.pid(), status("php", "20000\t20000\t20000\t20000"));
  CHECK(kill_sessions(procs.path(), find_sessions(procs.path(), {20000}, {}), {}).size() == 1);
  CHECK(session.was_killed());
  CHECK(php.is_alive());
}

TEST_CASE("a process that is not what it was when it was found is left alone") {
  const temp_dir procs;
  victim reused;
  put(procs, reused.pid(), status("sshd", "20000\t20000\t20000\t20000"));
  const auto found = find_sessions(procs.path(), {20000}, {});
  REQUIRE(found.size() == 1);
  write_file(procs / std::to_string(reused.pid()) / "status", status("postgres", "105\t105\t105\t105"));
  CHECK(kill_sessions(procs.path(), found, {}).empty());
  CHECK(reused.is_alive());
}

TEST_CASE("a process that is gone is no error") {
  const temp_dir procs;
  pid_t gone = 0;
  {
    const victim v;
    gone = v.pid();
  }
  CHECK(kill_sessions(procs.path(), {{gone, 20000}}, {}).empty());
}
