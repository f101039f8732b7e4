// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/reload.h"

#include "base/pidfd.h"
#include "base/unique_fd.h"
#include "docker/signal.h"
#include "process/run_program_async.h"
#include "process/split_arguments.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace heberg::proxy {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds k_command_limit{60};
constexpr std::chrono::seconds k_engine_limit{10};

// The first bytes of a small file; nothing where it cannot be read.
std::optional<std::string> read_small(const std::string& path) {
  const unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::array<char, 64> bytes{};
  const auto count = ::read(fd.get(), bytes.data(), bytes.size());
  if (count < 0) return std::nullopt;
  return std::string(bytes.data(), static_cast<std::size_t>(count));
}

std::optional<pid_t> parse_pid(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc{} || end != text.data() + text.size() || pid <= 1) return std::nullopt;
  return pid;
}

reload_result signal_process(const std::string& path) {
  const auto text = read_small(path);
  if (!text && errno != ENOENT) return {reload_status::failed, "read " + path + ": " + std::strerror(errno)};
  // `nginx -t` leaves an empty pid file where nginx does not run.
  if (!text || text->empty()) return {reload_status::not_running, "nginx is not running (no process in " + path + ")"};
  const auto pid = parse_pid(*text);
  if (!pid) return {reload_status::failed, path + " holds no process id"};

  // The pidfd first: then the process whose name is read is the one that gets the signal.
  const unique_fd process(::pidfd_open(*pid, 0));
  const auto name = read_small("/proc/" + std::to_string(*pid) + "/comm");
  if (!process || !name) return {reload_status::not_running, "nginx is not running (" + path + " is left over)"};
  if (*name != "nginx\n")
    return {reload_status::not_running, "nginx is not running (" + path + " names another program's process)"};
  if (::pidfd_send_signal(process.get(), SIGHUP, nullptr, 0) != 0) {
    return {reload_status::failed, "signal nginx, process " + std::to_string(*pid) + ": " + std::strerror(errno)};
  }
  return {reload_status::requested, {}};
}

asio::awaitable<reload_result> signal_container(std::string name, std::string engine) {
  const auto result = co_await docker::send_signal(std::move(engine), std::move(name), "HUP", k_engine_limit);
  switch (result.what) {
    case docker::delivery::delivered:
      co_return reload_result{reload_status::requested, {}};
    case docker::delivery::not_running:
      co_return reload_result{reload_status::not_running, "nginx is not running (" + result.message + ")"};
    case docker::delivery::failed:
      break;
  }
  co_return reload_result{reload_status::failed, result.message};
}

asio::awaitable<reload_result> run_command(std::vector<std::string> words) {
  const auto result = co_await run_program_async(words, k_command_limit);
  if (result.has_succeeded()) co_return reload_result{reload_status::requested, {}};
  co_return reload_result{reload_status::failed, "the reload command " + words[0] + " " + describe(result) + ": " +
                                                     result.output.substr(0, 500)};
}

}  // namespace

reload_way parse_reload(std::string_view text) {
  const auto rest = text.substr(std::min(text.find(':') + 1, text.size()));
  if (!rest.empty() && text.starts_with("pid:")) return by_pid_file{std::string(rest)};
  if (!rest.empty() && text.starts_with("container:")) return by_container{std::string(rest)};
  if (text.starts_with("command:")) {
    if (auto words = split_arguments(rest); !words.empty()) return by_command{std::move(words)};
  }
  throw std::invalid_argument("invalid value \"" + std::string(text) +
                              "\" of reload: use pid:FILE, container:NAME or command:COMMAND");
}

asio::awaitable<reload_result> reload_nginx(reload_way way, std::string engine) {
  if (const auto* file = std::get_if<by_pid_file>(&way)) co_return signal_process(file->path);
  if (auto* command = std::get_if<by_command>(&way)) co_return co_await run_command(std::move(command->words));
  co_return co_await signal_container(std::get<by_container>(std::move(way)).name, std::move(engine));
}

}  // namespace heberg::proxy
