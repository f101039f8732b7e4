// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process/run_program_async.h"

#include "base/errors.h"
#include "base/pidfd.h"
#include "base/unique_fd.h"
#include "process/spawn.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace heberg {
namespace {

namespace asio = boost::asio;

constexpr std::size_t k_output_max = 64U << 10U;

// A child of ours. Never outlives the object.
class child {
 public:
  explicit child(pid_t pid) noexcept : pid_(pid) {}
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    static_cast<void>(reap());
  }

  [[nodiscard]] int reap() noexcept {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
};

std::string read_output(int fd) {
  std::string text(k_output_max, '\0');
  const auto count = ::pread(fd, text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

}  // namespace

asio::awaitable<program_result> run_program_async(std::vector<std::string> arguments, std::chrono::milliseconds limit) {
  using namespace asio::experimental::awaitable_operators;
  // A file, not a pipe: no reader is needed while the program writes, and what it leaves running delays no one.
  const unique_fd output(::memfd_create("output", MFD_CLOEXEC));
  if (!output) throw_errno("memfd_create", "output");
  pid_t pid = -1;
  program_result result;
  const program what{.arguments = std::move(arguments)};
  if (const int error = spawn(what, output.get(), output.get(), signals::reset, pid); error != 0) {
    result.kind = error == ENOENT ? program_result::kind::not_found : program_result::kind::not_started;
    result.status = error;
    co_return result;
  }
  child started(pid);

  const auto executor = co_await asio::this_coro::executor;
  asio::posix::stream_descriptor ended(executor);
  asio::steady_timer deadline(executor, limit);
  const int pidfd = ::pidfd_open(pid, 0);
  if (pidfd < 0) throw_errno("pidfd_open", what.arguments[0]);
  ended.assign(pidfd);
  const auto first = co_await (ended.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable) ||
                               deadline.async_wait(asio::use_awaitable));
  if (first.index() == 1) {
    result.kind = program_result::kind::timed_out;
  } else {
    result = result_of(started.reap());
  }
  result.output = read_output(output.get());
  co_return result;
}

}  // namespace heberg
