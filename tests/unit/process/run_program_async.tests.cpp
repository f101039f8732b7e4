// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process/run_program_async.h"

#include "support/temp_dir.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace heberg;
using namespace std::chrono_literals;
namespace asio = boost::asio;

program_result run(std::vector<std::string> arguments, std::chrono::milliseconds limit = 10s) {
  asio::io_context io;
  program_result result;
  auto running = run_program_async(std::move(arguments), limit);
  asio::co_spawn(io, std::move(running), [&result](std::exception_ptr error, program_result end) {
    if (error) std::rethrow_exception(error);
    result = std::move(end);
  });
  io.run();
  return result;
}

bool has_children() {
  return ::waitpid(-1, nullptr, WNOHANG) >= 0;
}

}  // namespace

TEST_CASE("a program's status and output come back") {
  const auto result = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
  CHECK(result.kind == program_result::kind::exited);
  CHECK(result.status == 3);
  CHECK(result.output == "out\nerr\n");
  CHECK(describe(result) == "exited with status 3");
  CHECK_FALSE(has_children());
}

TEST_CASE("a program that writes much does not hang, and its output is cut") {
  const auto result = run({"sh", "-c", "head -c 1000000 /dev/zero"});
  CHECK(result.status == 0);
  CHECK(result.output.size() == 64U << 10U);
}

TEST_CASE("a program that exceeds its limit is killed") {
  const auto result = run({"sleep", "60"}, 20ms);
  CHECK(result.kind == program_result::kind::timed_out);
  CHECK(describe(result) == "timed out");
  CHECK_FALSE(has_children());
}

TEST_CASE("a program that is killed, is not there or may not be run is told apart") {
  CHECK(describe(run({"sh", "-c", "kill -TERM $$"})) == "was killed by signal 15");
  CHECK(run({"/nonexistent"}).kind == program_result::kind::not_found);
  CHECK(run({"heberg-no-such-program"}).kind == program_result::kind::not_found);
  CHECK(run({}).kind == program_result::kind::not_found);
  CHECK(run({"/etc"}).kind == program_result::kind::not_started);
}

TEST_CASE("when the runner is cancelled, the program is killed") {
  asio::io_context io;
  asio::cancellation_signal end;
  bool ended_by_error = false;
  asio::co_spawn(io, run_program_async({"sleep", "60"}, 60s),
                 asio::bind_cancellation_slot(end.slot(), [&](std::exception_ptr error, const program_result&) {
                   ended_by_error = error != nullptr;
                 }));
  asio::steady_timer timer(io, 10ms);
  timer.async_wait([&end](boost::system::error_code) { end.emit(asio::cancellation_type::terminal); });
  io.run();
  CHECK(ended_by_error);
  CHECK_FALSE(has_children());
}

TEST_CASE("a program inherits no descriptor of ours, whatever its flags") {
  const int ours = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as Asio's sockets
  REQUIRE(ours > STDERR_FILENO);
  const auto result = run({"sh", "-c", "readlink /proc/$$/fd/" + std::to_string(ours) + " || echo closed"});
  ::close(ours);
  CHECK(result.output == "closed\n");
}
