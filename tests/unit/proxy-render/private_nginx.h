// SPDX-License-Identifier: LGPL-2.1-or-later
// A real nginx of the test's own: in a temporary folder, on ports of loopback that were free a moment ago, with the
// sysadmin's usual layout (nginx.conf includes conf.d/*.conf and sites-enabled/*), and a server that plays all sites
// and says what it was asked.
#pragma once

#include "support/temp_dir.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace heberg::test {

// Asks every 10 ms; false after ten seconds.
inline bool wait_until(const std::function<bool()>& holds) {
  for (int i = 0; i < 1000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

class child_process {
 public:
  explicit child_process(std::vector<std::string> words, const std::string& log = "/dev/null") {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int error = ::posix_spawnp(&pid_, argv[0], &files, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) throw std::runtime_error("cannot start " + words[0]);
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    if (!wait_until([this] { return ended(); })) ::kill(pid_, SIGKILL);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }

  void signal(int number) const { ::kill(pid_, number); }
  bool ended() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
    return pid_ < 0;
  }
  // After its end, which is waited for: the exit status, or -1.
  int exit_status() {
    if (!wait_until([this] { return ended(); })) return -1;
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
  }

 private:
  pid_t pid_ = -1;
  int status_ = 0;
};

// NAME.crt and NAME.key, for the name itself.
inline void make_certificate(const std::filesystem::path& folder, const std::string& name) {
  child_process openssl({"openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:prime256v1", "-subj", "/CN=" + name, "-keyout",
                         (folder / (name + ".key")).string(), "-out", (folder / (name + ".crt")).string()});
  if (openssl.exit_status() != 0) throw std::runtime_error("openssl made no certificate");
}

inline int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

inline int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no free port");
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

// Has the answer come whole? nginx and the server behind it say Content-Length in all of theirs.
inline bool is_whole(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  const auto length = answer.find("Content-Length: ");
  if (end == std::string::npos || length == std::string::npos || length > end) return false;
  return answer.size() >= end + 4 + std::stoul(answer.substr(length + 16));
}

// The answer to one request; empty or cut where there is none within a few seconds. first: what comes before it.
inline std::string ask(int port, const std::string& host, const std::string& more_headers = "",
                       const std::string& first = "") {
  const int fd = connect_to(port);
  if (fd < 0) return {};
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const std::string request = first + "GET /path?q HTTP/1.1\r\nHost: " + host + "\r\n" + more_headers + "\r\n";
  std::string answer;
  char block[4096];
  ssize_t count = ::write(fd, request.data(), request.size());
  while (count > 0 && !is_whole(answer)) {
    count = ::read(fd, block, sizeof block);
    if (count > 0) answer.append(block, static_cast<std::size_t>(count));
  }
  ::close(fd);
  return answer;
}

struct private_nginx {
  temp_dir folder;
  int port = free_port();
  int site_port = free_port();

  private_nginx() {
    for (const auto* name : {"conf.d", "sites-enabled", "scratch"}) std::filesystem::create_directory(folder / name);
    write_file(folder / "relative.conf", "map $http_x $from_relative_include { default ok; }\n");
    write_config("");
  }

  void write_config(const std::string& http_lines) const {
    std::string text = "daemon off;\nworker_processes 1;\npid " + path("nginx.pid") + ";\nerror_log " +
                       path("error.log") + ";\nevents {}\nhttp {\n    access_log off;\n    include relative.conf;\n" +
                       http_lines;
    for (const auto* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      text += "    " + std::string(kind) + "_temp_path " + path("scratch") + ";\n";
    }
    text += "    server {\n        listen 127.0.0.1:" + std::to_string(site_port) + ";\n" +
            "        return 200 \"host=$http_host for=$http_x_forwarded_for proto=$http_x_forwarded_proto "
            "real=$http_x_real_ip forwarded=$http_forwarded "
            "proxy=$http_proxy upgrade=$http_upgrade connection=$http_connection uri=$request_uri\\n"
            "port=$http_x_forwarded_port name=$http_x_forwarded_host ssl=$http_x_forwarded_ssl\\n\";\n    }\n";
    text += "    include " + path("conf.d") + "/*.conf;\n    include " + path("sites-enabled") + "/*;\n}\n";
    write_file(folder / "nginx.conf", text);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder / name).string(); }
  [[nodiscard]] std::string command() const { return "nginx -c " + path("nginx.conf"); }
  [[nodiscard]] std::string live() const { return path("conf.d/heberg.conf"); }
  [[nodiscard]] child_process start() const {
    return child_process({"nginx", "-c", path("nginx.conf")}, path("nginx.out"));
  }
};

}  // namespace heberg::test
