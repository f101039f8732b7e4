// SPDX-License-Identifier: LGPL-2.1-or-later
// hebergctl on another host, by ssh(1): asked by a verb, answered in its JSON.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace heberg::ctl {

// Whether the other host has done what it was asked to is not known.
struct lost_link : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct remote_reply {
  bool is_done = false;
  std::string message;  // the other host's words, or ssh's
  std::string data;     // JSON; empty: hebergctl there has not said what became of it
};

class remote_host {
 public:
  remote_host(std::string host, const std::string& ssh, std::string command);

  // words: safe for a shell as they are. input: its standard input. Throws lost_link.
  [[nodiscard]] remote_reply ask(const std::string& words, const std::string& input = {}) const;

  [[nodiscard]] const std::string& name() const noexcept { return host_; }
  [[nodiscard]] const std::string& ssh() const noexcept { return ssh_; }
  [[nodiscard]] const std::string& command() const noexcept { return command_; }

 private:
  std::string host_;
  std::string ssh_;      // as words, blanks between
  std::string command_;  // hebergctl there
};

}  // namespace heberg::ctl
