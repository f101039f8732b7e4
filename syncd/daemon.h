// SPDX-License-Identifier: LGPL-2.1-or-later
// The shell around the account_manager: the engine's watcher, timers, inotify, the hasher's results, the control
// socket. Its io_context has one thread, on which everything here runs; the log forwarder, the SFTP log and the hasher
// have threads of their own.
#pragma once

#include "docker/watcher.h"
#include "program/settings.h"
#include "syncd/host_machine.h"
#include "syncd/network/network_guard.h"

#include <memory>
#include <optional>
#include <string>

namespace boost::asio {
class io_context;
}

namespace heberg::syncd {

class account_manager;

struct daemon_options {
  host_parts parts;
  docker::watch_options watch;              // its host comes from the settings
  std::string control_socket;               // empty: none
  std::optional<guard_parts> network = {};  // empty: the network's rules are left alone; its log is the parts'
};

class daemon {
 public:
  // Opens the ledger. Throws.
  daemon(boost::asio::io_context& io, const settings& settings, daemon_options options);
  ~daemon();
  daemon(const daemon&) = delete;
  daemon& operator=(const daemon&) = delete;

  void start();
  void stop();  // saves and publishes what is waiting; the io_context runs dry soon after
  void rotate_logs();

  [[nodiscard]] const account_manager& state() const;

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace heberg::syncd
