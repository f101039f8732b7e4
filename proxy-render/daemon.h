// SPDX-License-Identifier: LGPL-2.1-or-later
// The two ways to run: once, and until a signal. One thread; the event loop goes on while nginx -t runs.
#pragma once

#include "docker/watcher.h"
#include "proxy-render/plan/memory_file.h"
#include "proxy-render/plan/vhosts.h"
#include "proxy-render/publish/publisher.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace heberg::proxy {

// Where the sysadmin's own files are.
struct sysadmin_folders {
  std::string certs;
  std::string vhost_d;
  std::string htpasswd;
  std::string conf_d = {};
  std::string errors = {};
};

// Reads them into the plan's options. Throws std::system_error where vhost.d or htpasswd cannot be read: they may
// restrict access. Of the other folders the files as they were read last stay; the return value says why, empty: all
// were read.
[[nodiscard]] std::string read_folders(const sysadmin_folders& folders, plan_options& to);

struct daemon_options {
  docker::watch_options watch;
  plan_options plan;
  std::string hosts_file;  // empty: none
  sysadmin_folders folders;
  bool reloads_through_engine = false;
  std::function<boost::asio::awaitable<std::optional<worker_count>>()> count_workers = {};  // as in reload_tools
  std::size_t max_generations = 0;
  std::string gift_key_file = {};  // hebergctl's; empty: none
};

// Reads the engine, publishes, returns the process's exit status: 0, or 1 where the text did not get into place.
[[nodiscard]] int run_once(const daemon_options& options, publisher& publisher, memory_file& kept);

// Until SIGTERM or SIGINT. SIGHUP publishes again and reloads nginx even where the text is the same.
[[nodiscard]] int run_daemon(const daemon_options& options, publisher& publisher, memory_file& kept);

// Refuses a hosts file that exists and was not written by this program, such as /etc/hosts. Throws
// std::invalid_argument.
void check_hosts_file(const std::string& path);

}  // namespace heberg::proxy
