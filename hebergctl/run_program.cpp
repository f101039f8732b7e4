// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/run_program.h"

#include "base/errors.h"
#include "base/unique_fd.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace heberg::ctl {
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

std::vector<std::string> environment_of(const program& what) {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string text(*one);
    const auto is_same = [&](const auto& own) { return text.starts_with(own.first + "="); };
    bool is_ours = false;
    for (const auto& own : what.environment) is_ours = is_ours || is_same(own);
    if (!is_ours) all.push_back(text);
  }
  for (const auto& [name, value] : what.environment) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

pid_t start(const program& what, int output, int errors) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  if (what.input < 0) {
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  } else {
    ::posix_spawn_file_actions_adddup2(&files, what.input, STDIN_FILENO);
  }
  ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
  auto words = what.words;
  auto environment = environment_of(what);
  pid_t child = -1;
  const int error = ::posix_spawnp(&child, words[0].c_str(), &files, nullptr, pointers_to(words).data(),
                                   pointers_to(environment).data());
  ::posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw_errno(error, "run", words[0]);
  return child;
}

// False at its end.
bool take(int from, std::string& to) {
  std::array<char, 65536> block{};
  const auto count = ::read(from, block.data(), block.size());
  if (count < 0) return errno == EINTR;
  to.append(block.data(), static_cast<std::size_t>(count));
  return count > 0;
}

}  // namespace

program_end run_program(const program& what) {
  auto output = make_pipe();
  auto errors = make_pipe();
  const pid_t child = start(what, what.output < 0 ? output.write.get() : what.output, errors.write.get());
  output.write = {};
  errors.write = {};
  program_end end;
  std::array<pollfd, 2> from = {pollfd{output.read.get(), POLLIN, 0}, pollfd{errors.read.get(), POLLIN, 0}};
  while (from[0].fd >= 0 || from[1].fd >= 0) {
    if (::poll(from.data(), from.size(), -1) < 0 && errno != EINTR) throw_errno("wait for", what.words[0]);
    if (from[0].fd >= 0 && from[0].revents != 0 && !take(from[0].fd, end.output)) from[0].fd = -1;
    if (from[1].fd >= 0 && from[1].revents != 0 && !take(from[1].fd, end.errors)) from[1].fd = -1;
    if (end.output.size() > k_output_max) end.output.resize(k_output_max);
    if (end.errors.size() > k_errors_max) end.errors.erase(0, end.errors.size() - k_errors_max);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw_errno("wait for", what.words[0]);
  }
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return end;
}

}  // namespace heberg::ctl
