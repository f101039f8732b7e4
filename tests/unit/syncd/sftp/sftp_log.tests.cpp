// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/sftp/sftp_log.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <vector>

using namespace heberg;
using namespace heberg::syncd;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

class fake_files final : public line_appender {
 public:
  std::string append(int, const std::string& site, std::uint32_t group, const char* name,
                     std::string_view lines) override {
    const std::lock_guard lock(mutex);
    if (!problem.empty()) return problem;
    ++writes;
    text[site + ":" + std::to_string(group) + "/" + name] += lines;
    arrived.notify_all();
    return {};
  }

  std::mutex mutex;
  std::condition_variable arrived;
  std::string problem;
  int writes = 0;
  std::map<std::string, std::string> text;
};

struct sftp_fixture {
  fake_files files;
  std::vector<std::string> log;
  std::string no_room;
  sftp_lines lines{parts()};
  std::chrono::system_clock::time_point wall = std::chrono::system_clock::from_time_t(1'700'000'000);
  std::chrono::steady_clock::time_point now{1h};

  sftp_parts parts() {
    return {.find_site = [](std::uint32_t uid) -> std::optional<std::string> {
              if (uid == 20000) return "a";
              if (uid == 20001) return "b";
              return std::nullopt;
            },
            .files = &files,
            .explain_no_room = [this](int) { return no_room; },
            .log =
                [this](level level, std::string_view text) {
                  log.push_back(std::to_string(static_cast<int>(level)) + " " + std::string(text));
                }};
  }
  void take(uid_t uid, std::string_view text) { lines.take({uid, 7, text}, wall, now); }
};

}  // namespace

TEST_CASE_METHOD(sftp_fixture,
                 "the sender's UID names the site, whatever the text says, and each site is written to once") {
  take(20000, "<38>Nov 24 21:45:00 internal-sftp[1]: session opened for local user b from [192.0.2.1]");
  take(20001, "<38>Nov 24 21:45:00 internal-sftp[2]: open \"/www/x\"");
  take(20000, "<38>Nov 24 21:45:00 internal-sftp[1]: close \"/www/y\"");
  CHECK(files.text.empty());
  lines.write(-1);
  CHECK(files.text == std::map<std::string, std::string>{
                          {"a:20000/sftp.log",
                           "2023-11-14T22:13:20Z [7] session opened for local user b from [192.0.2.1]\n"
                           "2023-11-14T22:13:20Z [7] close \"/www/y\"\n"},
                          {"b:20001/sftp.log", "2023-11-14T22:13:20Z [7] open \"/www/x\"\n"}});
  CHECK(files.writes == 2);
  lines.write(-1);
  CHECK(files.writes == 2);
  CHECK(log.empty());
}

TEST_CASE_METHOD(sftp_fixture, "root's messages go to syncd's own log, and messages of no site's account go nowhere") {
  take(0, "<36>Nov 24 21:45:00 sshd[1]: pam_heberg(sshd:auth): site a: authentication failure, from 192.0.2.1");
  take(33, "<38>x: y");
  lines.write(-1);
  CHECK(files.text.empty());
  CHECK(log ==
        std::vector<std::string>{"4 sftp: pam_heberg(sshd:auth): site a: authentication failure, from 192.0.2.1"});
}

TEST_CASE_METHOD(sftp_fixture, "one site's flood is limited and reported, and another site's lines are complete") {
  for (int i = 0; i < 20'000; ++i) take(20000, "x");
  take(20001, "y");
  lines.write(-1);
  const auto& flood = files.text["a:20000/sftp.log"];
  CHECK(std::count(flood.begin(), flood.end(), '\n') == 5000);
  CHECK_THAT(files.text["b:20001/sftp.log"], Contains("y\n"));
  now += 1s;
  take(20000, "z");
  lines.write(-1);
  CHECK_THAT(flood, Contains("15000 lines were dropped before this\n") && Catch::EndsWith("z\n"));
}

TEST_CASE_METHOD(sftp_fixture, "a flood of long lines is limited by its bytes, and hides no login") {
  for (int i = 0; i < 20'000; ++i) take(20000, std::string(900, 'x'));
  const std::string login = "<38>internal-sftp[1]: session opened for local user a from [192.0.2.1]";
  take(20000, login);
  lines.write(-1);
  auto& flood = files.text["a:20000/sftp.log"];
  CHECK(flood.size() < 5'001'000);
  CHECK_THAT(flood, Catch::EndsWith("session opened for local user a from [192.0.2.1]\n"));
  const auto first = flood.size();
  for (int second = 0; second < 10; ++second) {
    now += 1s;
    for (int i = 0; i < 1000; ++i) take(20000, std::string(900, 'x'));
  }
  lines.write(-1);
  CHECK(flood.size() - first < 900'000);
  CHECK(flood.size() - first > 400'000);
  for (int i = 0; i < 10'000; ++i) take(20000, login);
  lines.write(-1);
  CHECK(flood.size() - first < 1'200'000);
}

TEST_CASE_METHOD(sftp_fixture, "below the least that is free of the disk nothing is written, and that is said once") {
  no_room = "the disk is full";
  for (int i = 0; i < 3; ++i) {
    take(20000, "x");
    take(20001, "x");
    lines.write(-1);
  }
  CHECK(files.text.empty());
  no_room.clear();
  lines.write(-1);
  take(20000, "y");
  lines.write(-1);
  take(20000, "z");
  lines.write(-1);
  CHECK(files.text.size() == 1);
  CHECK(log == std::vector<std::string>{"3 sftp.log: not written, of no site: the disk is full; lines are lost",
                                        "6 sftp.log: there is room on the disk again, and it is written"});
}

TEST_CASE_METHOD(sftp_fixture, "root's flood does not fill syncd's log either") {
  for (int i = 0; i < 20'000; ++i) take(0, "x");
  CHECK(log.size() == 5000);
}

TEST_CASE_METHOD(sftp_fixture, "a log that cannot be written is reported once, and when it is written again") {
  files.problem = "is a fifo";
  for (int i = 0; i < 3; ++i) {
    take(20000, "x");
    lines.write(-1);
  }
  CHECK(log == std::vector<std::string>{"4 a: sftp.log is a fifo; lines are lost"});
  files.problem.clear();
  take(20000, "x");
  lines.write(-1);
  CHECK(log.back() == "6 a: sftp.log is written again");
}

TEST_CASE_METHOD(sftp_fixture, "the thread writes what comes to the socket of the moment, and ends") {
  const test::temp_dir dir;
  const auto root = std::make_shared<const unique_fd>(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto uid = ::geteuid();
  auto with_me = parts();
  with_me.find_site = [uid](std::uint32_t id) { return id == uid ? std::optional<std::string>("me") : std::nullopt; };
  const auto send = [&dir](std::string_view text) {
    const unique_fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s/.sftp-log", dir.path().c_str());
    return ::sendto(fd.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                    sizeof address) >= 0;
  };
  std::mutex mutex;
  std::condition_variable told;
  std::string seen;
  with_me.log = [&](level, std::string_view text) {
    const std::lock_guard lock(mutex);
    seen += text;
    told.notify_all();
  };
  const auto arrives = [&](const std::string& text) {
    if (uid == 0) {  // root's own words are logged
      std::unique_lock lock(mutex);
      return told.wait_for(lock, 10s, [&] { return seen.find(text) != std::string::npos; });
    }
    std::unique_lock lock(files.mutex);
    return files.arrived.wait_for(lock, 10s, [&] {
      return files.text["me:" + std::to_string(uid) + "/sftp.log"].find(text) != std::string::npos;
    });
  };
  sftp_log writer(with_me);
  writer.listen(std::make_shared<const tree::log_socket>(root->get()), root);
  REQUIRE(send("first"));
  CHECK(arrives("first"));
  writer.listen(std::make_shared<const tree::log_socket>(root->get()), root);
  REQUIRE(send("second"));
  CHECK(arrives("second"));
}
