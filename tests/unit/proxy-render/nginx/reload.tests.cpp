// SPDX-License-Identifier: LGPL-2.1-or-later
// A stand-in for nginx: /bin/sleep under nginx's name, so that the process is called so.
#include "proxy-render/nginx/reload.h"

#include "support/temp_dir.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace heberg;
using namespace heberg::proxy;
namespace fs = std::filesystem;

reload_result reload(const std::string& way) {
  boost::asio::io_context io;
  reload_result result;
  boost::asio::co_spawn(io, reload_nginx(parse_reload(way), "unix:///nonexistent/docker.sock"),
                        [&result](std::exception_ptr error, reload_result told) {
                          if (error) std::rethrow_exception(error);
                          result = std::move(told);
                        });
  io.run();
  return result;
}

class sleeper {
 public:
  explicit sleeper(const fs::path& program) {
    std::string path = program.string();
    std::string seconds = "60";
    char* argv[] = {path.data(), seconds.data(), nullptr};
    REQUIRE(::posix_spawn(&pid_, path.c_str(), nullptr, nullptr, argv, environ) == 0);
    // posix_spawn returns when the program is executed: its name is the program's already.
  }
  sleeper(const sleeper&) = delete;
  sleeper& operator=(const sleeper&) = delete;
  ~sleeper() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  [[nodiscard]] bool lives() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

 private:
  pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("the process of the pid file gets signal HUP, if it is nginx") {
  const test::temp_dir folder;
  fs::copy_file("/bin/sleep", folder / "nginx");
  sleeper nginx(folder / "nginx");
  test::write_file(folder / "pid", std::to_string(nginx.pid()) + "\n");
  CHECK(reload("pid:" + (folder / "pid").string()).what == reload_status::requested);
  const int status = nginx.wait();
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGHUP);
}

TEST_CASE("another program's process gets nothing") {
  const test::temp_dir folder;
  const sleeper other("/bin/sleep");
  test::write_file(folder / "pid", std::to_string(other.pid()) + "\n");
  const auto result = reload("pid:" + (folder / "pid").string());
  CHECK(result.what == reload_status::not_running);
  CHECK(result.message.find("names another program's process") != std::string::npos);
  CHECK(other.lives());
}

TEST_CASE("no pid file, an empty one and a dead process mean that nginx does not run") {
  const test::temp_dir folder;
  const auto way = "pid:" + (folder / "pid").string();
  CHECK(reload(way).what == reload_status::not_running);
  test::write_file(folder / "pid", "");
  CHECK(reload(way).what == reload_status::not_running);
  sleeper gone("/bin/sleep");
  test::write_file(folder / "pid", std::to_string(gone.pid()));
  ::kill(gone.pid(), SIGKILL);
  gone.wait();
  CHECK(reload(way).what == reload_status::not_running);
}

TEST_CASE("an invalid pid file is a failure, and no process is signalled") {
  const test::temp_dir folder;
  for (const auto* text : {"abc", "-1", "0", "1", "12 34", "99999999999999"}) {
    INFO(text);
    test::write_file(folder / "pid", text);
    CHECK(reload("pid:" + (folder / "pid").string()).what == reload_status::failed);
  }
  CHECK(reload("pid:" + folder.path().string()).what == reload_status::failed);
}

TEST_CASE("a command is run without a shell, and its failure is reported") {
  const test::temp_dir folder;
  CHECK(reload("command:/bin/touch " + (folder / "$HOME;x").string()).what == reload_status::requested);
  CHECK(fs::exists(folder / "$HOME;x"));
  const auto failed = reload("command:/bin/ls /nonexistent");
  CHECK(failed.what == reload_status::failed);
  CHECK(failed.message.find("exited with status 2: ") != std::string::npos);
  CHECK(reload("command:/nonexistent/program x").message.find("could not be started: No such file") !=
        std::string::npos);
}

TEST_CASE("an engine that is not there is a failure") {
  CHECK(reload("container:nginx").what == reload_status::failed);
}

TEST_CASE("what is no way to reload is refused") {
  for (const auto* text : {"", "pid:", "container:", "command:", "command:  ", "signal:HUP", "/run/nginx.pid"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_reload(text), std::invalid_argument);
  }
}
