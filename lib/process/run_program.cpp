// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process/run_program.h"

#include "base/errors.h"
#include "base/unique_fd.h"
#include "process/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace heberg {
namespace {

constexpr std::size_t k_output_max = 16U << 20U;  // bytes
constexpr std::size_t k_errors_max = 4096;

struct pipe_ends {
  unique_fd read, write;
};

pipe_ends make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("make", "a pipe");
  return {unique_fd(ends[0]), unique_fd(ends[1])};
}

// False at its end.
bool append_block(int from, std::string& to) {
  std::array<char, 65536> block{};
  const auto count = ::read(from, block.data(), block.size());
  if (count < 0) return errno == EINTR;
  to.append(block.data(), static_cast<std::size_t>(count));
  return count > 0;
}

// Reads both pipes to their end, so that the program never waits for a reader; keeps what the bounds allow.
void read_pipes(int output, int errors, program_result& result, const std::string& name) {
  std::array<pollfd, 2> pipes = {pollfd{output, POLLIN, 0}, pollfd{errors, POLLIN, 0}};
  while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
    if (::poll(pipes.data(), pipes.size(), -1) < 0) {
      if (errno != EINTR) throw_errno("wait for", name);
      continue;  // revents are the last call's, not this one's
    }
    if (pipes[0].revents != 0 && !append_block(pipes[0].fd, result.output)) pipes[0].fd = -1;
    if (pipes[1].revents != 0 && !append_block(pipes[1].fd, result.errors)) pipes[1].fd = -1;
    if (result.output.size() > k_output_max) result.output.resize(k_output_max);
    if (result.errors.size() > k_errors_max) result.errors.erase(0, result.errors.size() - k_errors_max);
  }
}

int wait_for(pid_t pid, const std::string& name) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("wait for", name);
  }
  return status;
}

}  // namespace

program_result run_program(const program& what) {
  const std::string name = what.arguments.empty() ? "an empty command" : what.arguments[0];
  auto output = make_pipe();
  auto errors = make_pipe();
  pid_t pid = -1;
  const int error =
      spawn(what, what.output < 0 ? output.write.get() : what.output, errors.write.get(), signals::inherit, pid);
  if (error != 0) throw_errno(error, "run", name);
  output.write = {};
  errors.write = {};
  program_result read;
  read_pipes(output.read.get(), errors.read.get(), read, name);
  auto result = result_of(wait_for(pid, name));
  result.output = std::move(read.output);
  result.errors = std::move(read.errors);
  return result;
}

std::string describe(const program_result& result) {
  switch (result.kind) {
    case program_result::kind::exited:
      return "exited with status " + std::to_string(result.status);
    case program_result::kind::killed:
      return "was killed by signal " + std::to_string(result.status);
    case program_result::kind::timed_out:
      return "timed out";
    case program_result::kind::not_found:
    case program_result::kind::not_started:
      break;
  }
  return std::string("could not be started: ") + std::strerror(result.status);
}

}  // namespace heberg
