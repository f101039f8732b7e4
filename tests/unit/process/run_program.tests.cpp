// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process/run_program.h"

#include "base/unique_fd.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>

#include <system_error>

namespace {

using namespace heberg;

}  // namespace

TEST_CASE("a program is run with its arguments, its environment and its files") {
  const auto result =
      run_program({.arguments = {"sh", "-c", "printf '%s|%s' \"$1\" \"$X\"; echo bad >&2; exit 3", "sh", "a b;c"},
                   .environment = {{"X", "y z"}}});
  CHECK(result.kind == program_result::kind::exited);
  CHECK(result.status == 3);
  CHECK(result.output == "a b;c|y z");
  CHECK(result.errors == "bad\n");
  CHECK(run_program({.arguments = {"sh", "-c", "kill -9 $$"}}).shell_status() == 128 + 9);
  CHECK(run_program({.arguments = {"cat"}}).output.empty());
  CHECK_THROWS_AS(run_program({.arguments = {"/nowhere/program"}}), std::system_error);

  const test::temp_dir folder;
  test::write_file(folder / "in", "text");
  const unique_fd in(::open((folder / "in").c_str(), O_RDONLY | O_CLOEXEC));
  const unique_fd out(::open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  CHECK(run_program({.arguments = {"cat"}, .input = in.get(), .output = out.get()}).has_succeeded());
  CHECK(test::read_file(folder / "out") == "text");
}

TEST_CASE("what a program writes is kept within bounds") {
  const auto result = run_program({.arguments = {"sh", "-c", "head -c 17000000 /dev/zero; seq 100000 >&2"}});
  CHECK(result.output.size() == 16U << 20U);
  CHECK(result.errors.size() == 4096);
  CHECK(result.errors.ends_with("\n100000\n"));
}

TEST_CASE("a signal in between does not end the runner's wait") {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {};  // without SA_RESTART: what waits ends with EINTR
  ::sigaction(SIGALRM, &action, &before);
  const itimerval often{.it_interval = {.tv_sec = 0, .tv_usec = 5'000}, .it_value = {.tv_sec = 0, .tv_usec = 5'000}};
  ::setitimer(ITIMER_REAL, &often, nullptr);
  program_result result;
  CHECK_NOTHROW(result = run_program({.arguments = {"sh", "-c", "echo a; sleep 0.05; echo b >&2; exit 2"}}));
  const itimerval none{};
  ::setitimer(ITIMER_REAL, &none, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  CHECK(result.output == "a\n");
  CHECK(result.errors == "b\n");
  CHECK(result.status == 2);
}
