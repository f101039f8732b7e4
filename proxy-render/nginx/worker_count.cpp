// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/worker_count.h"

#include "docker/top.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

namespace heberg::proxy {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds k_engine_limit{5};

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of nginx on this host (CONFIG_PROC_CHILDREN; Debian's kernels have it).
std::optional<worker_count> find_children(const std::string& pid_file) {
  long pid = 0;
  if (!(std::ifstream(pid_file) >> pid) || pid <= 1) return std::nullopt;
  const auto process = std::to_string(pid);
  std::ifstream children("/proc/" + process + "/task/" + process + "/children");
  if (!children) return std::nullopt;
  std::vector<std::string> commands;
  for (long child = 0; children >> child;) commands.push_back(read_all("/proc/" + std::to_string(child) + "/cmdline"));
  return count_workers(commands);
}

}  // namespace

worker_count count_workers(std::span<const std::string> commands) {
  constexpr std::string_view k_worker = "nginx: worker process";
  constexpr std::string_view k_old = "nginx: worker process is shutting down";
  worker_count found;
  for (const auto& command : commands) {
    if (command.starts_with(k_old)) {
      ++found.old;
    } else if (command.starts_with(k_worker)) {
      ++found.serving;
    }
  }
  return found;
}

asio::awaitable<std::optional<worker_count>> find_workers(reload_way way, std::string engine) {
  if (const auto* file = std::get_if<by_pid_file>(&way)) co_return find_children(file->path);
  const auto* container = std::get_if<by_container>(&way);
  if (container == nullptr) co_return std::nullopt;
  std::string name = container->name;
  const auto commands = co_await docker::list_processes(std::move(engine), std::move(name), k_engine_limit);
  if (!commands) co_return std::nullopt;
  co_return count_workers(*commands);
}

}  // namespace heberg::proxy
