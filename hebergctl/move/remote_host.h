// SPDX-License-Identifier: LGPL-2.1-or-later
// hebergctl on another host, by ssh(1): runs a verb there and parses its JSON.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace heberg::ctl {

// The connection was lost: it is unknown whether the other host has carried out the request.
struct lost_link : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct remote_reply {
  bool is_done = false;
  std::string message;  // of hebergctl there, or of ssh
  std::string data;     // JSON; empty: hebergctl there has not reported a result
};

class remote_host {
 public:
  remote_host(std::string host, const std::string& ssh, std::string command);

  // arguments: of hebergctl, safe for a shell. input: its standard input. Throws lost_link.
  [[nodiscard]] remote_reply ask(const std::string& arguments, const std::string& input = {}) const;

  [[nodiscard]] const std::string& name() const noexcept { return host_; }
  [[nodiscard]] const std::string& ssh() const noexcept { return ssh_; }
  [[nodiscard]] const std::string& command() const noexcept { return command_; }

 private:
  std::string host_;
  std::string ssh_;      // with its options, separated by blanks
  std::string command_;  // hebergctl there
};

}  // namespace heberg::ctl
