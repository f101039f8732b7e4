// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/log_socket.h"

#include "support/need_root.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

using heberg::unique_fd;
using heberg::test::temp_dir;
using heberg::test::write_file;
using heberg::tree::log_socket;
namespace fs = std::filesystem;

namespace {

struct got {
  uid_t uid;
  pid_t process;
  std::string text;
  bool operator==(const got&) const = default;
};

struct socket_fixture {
  temp_dir dir;
  unique_fd root{::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

  static std::vector<got> receive(const log_socket& socket) {
    std::vector<got> all;
    socket.receive([&all](const log_socket::datagram& d) { all.push_back({d.uid, d.process, std::string(d.text)}); });
    return all;
  }
  // As syslog(3) does. 0 or an errno value.
  static int send(const fs::path& path, std::string_view text) {
    const unique_fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
    return ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0 ? errno : 0;
  }
  unique_fd make_dev() {
    fs::create_directory(dir / "dev");
    return unique_fd(::open((dir / "dev").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
};

}  // namespace

TEST_CASE_METHOD(socket_fixture,
                 "what is sent to a link of the socket arrives, in order, with the kernel's word for the sender") {
  const log_socket socket(root.get());
  const auto dev = make_dev();
  REQUIRE(socket.link_into(root.get(), dev.get()).empty());
  REQUIRE(socket.link_into(root.get(), dev.get()).empty());
  CHECK(fs::status(dir / ".sftp-log").permissions() == static_cast<fs::perms>(0666));
  REQUIRE(send(dir / "dev/log", "one") == 0);
  REQUIRE(send(dir / ".sftp-log", "two") == 0);
  CHECK(receive(socket) == std::vector<got>{{::geteuid(), ::getpid(), "one"}, {::geteuid(), ::getpid(), "two"}});
  CHECK(receive(socket).empty());
}

TEST_CASE_METHOD(socket_fixture, "a sender that has become another user is that user") {
  NEED_ROOT();
  fs::permissions(dir.path(), static_cast<fs::perms>(0755));
  const log_socket socket(root.get());
  const pid_t child = ::fork();
  if (child == 0) {
    const bool sent = ::setresuid(20001, 20001, 20001) == 0 && send(dir / ".sftp-log", "<38>sshd[1]: by root") == 0;
    ::_exit(sent ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  CHECK(receive(socket) == std::vector<got>{{20001, child, "<38>sshd[1]: by root"}});
}

TEST_CASE_METHOD(socket_fixture, "descriptors that a sender hands over are not kept") {
  const log_socket socket(root.get());
  const unique_fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", (dir / ".sftp-log").c_str());
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  char text[] = "x";
  iovec part{text, 1};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  auto* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int passed = root.get();
  std::memcpy(CMSG_DATA(header), &passed, sizeof passed);
  const auto count = [] { return std::distance(fs::directory_iterator("/proc/self/fd"), {}); };
  const auto before = count();
  REQUIRE(::sendmsg(fd.get(), &message, 0) == 1);
  CHECK(receive(socket) == std::vector<got>{{::geteuid(), ::getpid(), "x"}});
  CHECK(count() == before);
}

TEST_CASE_METHOD(socket_fixture, "a socket bound anew takes the place of the old one, which refuses") {
  const auto dev = make_dev();
  auto old = std::make_unique<log_socket>(root.get());
  REQUIRE(old->link_into(root.get(), dev.get()).empty());
  REQUIRE(old->is_in(root.get()));
  old.reset();
  CHECK(send(dir / "dev/log", "x") == ECONNREFUSED);
  write_file(dir / ".sftp-log.new", "left by a crash");
  const log_socket socket(root.get());
  CHECK(socket.is_in(root.get()));
  REQUIRE(socket.link_into(root.get(), dev.get()).empty());
  CHECK(send(dir / "dev/log", "x") == 0);
  fs::remove(dir / ".sftp-log");
  CHECK_FALSE(socket.is_in(root.get()));
  CHECK_FALSE(socket.link_into(root.get(), make_dev().get()).find("cannot be linked") == 0);
}

TEST_CASE_METHOD(socket_fixture, "a file that is not a socket stays, and is reported") {
  const log_socket socket(root.get());
  const auto dev = make_dev();
  write_file(dir / "dev/log", "kept");
  CHECK(socket.link_into(root.get(), dev.get()) == "is not a socket: SFTP is not logged");
  CHECK(fs::is_regular_file(dir / "dev/log"));
}

TEST_CASE_METHOD(socket_fixture, "a very long datagram is cut") {
  const log_socket socket(root.get());
  REQUIRE(send(dir / ".sftp-log", std::string(50'000, 'x')) == 0);
  REQUIRE(send(dir / ".sftp-log", "next") == 0);
  const auto all = receive(socket);
  REQUIRE(all.size() == 2);
  CHECK(all[0].text.size() == 4096);
  CHECK(all[1].text == "next");
}
