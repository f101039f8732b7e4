// SPDX-License-Identifier: LGPL-2.1-or-later
// heberg-syncd: the command line, the settings and signals.
#include "control/protocol.h"
#include "program/command_line.h"
#include "program/log.h"
#include "syncd/daemon.h"
#include "syncd/heap.h"
#include "syncd/once.h"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <exception>
#include <functional>
#include <iostream>
#include <string>

namespace {

using namespace heberg;

struct command_line {
  common_options common;
  bool once = false;
  bool check = false;
  std::string socket = control::k_default_socket;
};

// A socket for each container whose log is followed: as many descriptors as root can have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    log(level::warning, "cannot raise the limit of open files (RLIMIT_NOFILE)");
}

int run_daemon(const settings& settings, syncd::daemon_options options) {
  raise_descriptor_limit();
  boost::asio::io_context io{1};
  syncd::daemon daemon(io, settings, std::move(options));
  boost::asio::signal_set hangups(io, SIGHUP);
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&daemon, &hangups](boost::system::error_code error, int number) {
    if (error) return;
    log(level::info, std::string("stopping: ") + (number == SIGTERM ? "SIGTERM" : "SIGINT"));
    daemon.stop();
    hangups.cancel();
  });
  // As with many daemons SIGHUP is the signal after a rotation of logs; here it also does the rotation.
  std::function<void()> wait_for_hangup = [&] {
    hangups.async_wait([&](boost::system::error_code error, int) {
      if (error) return;
      log(level::info, "SIGHUP: rotating the logs");
      daemon.rotate_logs();
      wait_for_hangup();
    });
  };
  wait_for_hangup();
  daemon.start();
  io.run();
  return 0;
}

int run(const command_line& line) {
  const auto settings = load(line.common);
  syncd::keep_freed_memory();
  ::umask(022);  // sshd and the modules must reach the folders that are made here
  syncd::daemon_options options;
  options.parts.directory_owners = syncd::real_directory_owners();
  options.control_socket = line.socket;
  options.network.emplace();
  if (!line.once && !line.check) return run_daemon(settings, std::move(options));

  options.watch.host = settings.docker.host;
  const auto containers = docker::fetch_containers(options.watch);
  if (line.check) return syncd::run_check(settings, options.parts, containers, std::cout);
  return syncd::run_once(settings, options.parts, containers);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Keeps the sites' accounts in step with the engine's containers", "heberg-syncd");
  command_line line;
  add_common_options(app, line.common);
  auto* once = app.add_flag("--once", line.once, "Read the engine, do the work, exit");
  app.add_flag("--check", line.check, "Read everything, change nothing; exit 0, or print what is wrong and exit 1")
      ->excludes(once);
  app.add_option("--socket", line.socket, "Control socket, for hebergctl")->type_name("PATH")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(line);
  } catch (const std::exception& error) {
    log(level::error, error.what());
    return 1;
  }
}
