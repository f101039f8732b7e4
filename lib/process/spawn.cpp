// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace heberg {
namespace {

// posix_spawn(3)'s two records.
struct spawn_settings {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};

  spawn_settings(int input, int output, int errors) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
    if (input < 0) {
      ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    } else {
      ::posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    }
    ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  }
  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;
  ~spawn_settings() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }

  void reset_signals() {
    sigset_t defaults;
    sigset_t none;
    ::sigemptyset(&none);
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    ::sigaddset(&defaults, SIGHUP);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
};

std::vector<std::string> environment_of(const program& what) {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string text(*one);
    const auto replaces = [&](const auto& own) { return text.starts_with(own.first + "="); };
    if (std::ranges::none_of(what.environment, replaces)) all.push_back(text);
  }
  for (const auto& [name, value] : what.environment) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

int spawn(const program& what, int output, int errors, signals how, pid_t& pid) {
  if (what.arguments.empty()) return ENOENT;
  auto arguments = what.arguments;
  auto environment = environment_of(what);
  spawn_settings settings(what.input, output, errors);
  if (how == signals::reset) settings.reset_signals();
  return ::posix_spawnp(&pid, arguments[0].c_str(), &settings.files, &settings.attributes,
                        pointers_to(arguments).data(), pointers_to(environment).data());
}

program_result result_of(int wait_status) {
  if (WIFEXITED(wait_status))
    return {.kind = program_result::kind::exited, .status = WEXITSTATUS(wait_status), .output = {}, .errors = {}};
  return {.kind = program_result::kind::killed, .status = WTERMSIG(wait_status), .output = {}, .errors = {}};
}

}  // namespace heberg
