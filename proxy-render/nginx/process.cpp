// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/process.h"

#include "base/errors.h"
#include "base/pidfd.h"
#include "base/unique_fd.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

namespace heberg::proxy {
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

// posix_spawn(3)'s two records.
struct spawn_settings {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};

  explicit spawn_settings(int output) {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);  // Asio's sockets have no O_CLOEXEC
    // What the daemon ignores or blocks is not the program's business.
    sigset_t defaults;
    sigset_t none;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGHUP);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;
  ~spawn_settings() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

// An errno value, or 0 and the pid.
int spawn(std::vector<std::string>& words, int output, pid_t& pid) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const spawn_settings settings(output);
  return ::posix_spawnp(&pid, argv[0], &settings.files, &settings.attributes, argv.data(), environ);
}

std::string read_output(int fd) {
  std::string text(k_output_max, '\0');
  const auto count = ::pread(fd, text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

}  // namespace

asio::awaitable<run_result> run_program(std::vector<std::string> words, std::chrono::milliseconds limit) {
  using namespace asio::experimental::awaitable_operators;
  if (words.empty()) co_return run_result{.kind = run_result::kind::not_found, .status = ENOENT, .output = {}};

  // A file, not a pipe: nobody has to read while the program writes, and what it leaves running holds up nobody.
  const unique_fd output(::memfd_create("output", MFD_CLOEXEC));
  if (!output) throw_errno("memfd_create", "output");
  pid_t pid = -1;
  if (const int error = spawn(words, output.get(), pid); error != 0) {
    co_return run_result{.kind = error == ENOENT ? run_result::kind::not_found : run_result::kind::not_started,
                         .status = error,
                         .output = {}};
  }
  child program(pid);

  const auto executor = co_await asio::this_coro::executor;
  asio::posix::stream_descriptor ended(executor);
  asio::steady_timer deadline(executor, limit);
  const int pidfd = ::pidfd_open(pid, 0);
  if (pidfd < 0) throw_errno("pidfd_open", words[0]);
  ended.assign(pidfd);
  const auto first = co_await (ended.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable) ||
                               deadline.async_wait(asio::use_awaitable));
  if (first.index() == 1)
    co_return run_result{.kind = run_result::kind::timed_out, .status = 0, .output = read_output(output.get())};

  const int status = program.reap();
  const bool exited = WIFEXITED(status);
  co_return run_result{.kind = exited ? run_result::kind::exited : run_result::kind::killed,
                       .status = exited ? WEXITSTATUS(status) : WTERMSIG(status),
                       .output = read_output(output.get())};
}

std::string describe(const run_result& result) {
  switch (result.kind) {
    case run_result::kind::exited:
      return "exited with status " + std::to_string(result.status);
    case run_result::kind::killed:
      return "was ended by signal " + std::to_string(result.status);
    case run_result::kind::timed_out:
      return "gave no answer in time";
    case run_result::kind::not_found:
    case run_result::kind::not_started:
      break;
  }
  return std::string("could not be started: ") + std::strerror(result.status);
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    const auto begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const auto end = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace heberg::proxy
