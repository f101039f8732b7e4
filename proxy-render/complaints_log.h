// SPDX-License-Identifier: LGPL-2.1-or-later
// What is wrong for a while is logged when it comes up, not at every event.
#pragma once

#include "proxy-render/plan/vhosts.h"

#include <string>
#include <vector>

namespace heberg::proxy {

// The complaints of the plans.
class complaints_log {
 public:
  void log_new(const plan& plan);

 private:
  std::vector<complaint> refused_;
  std::vector<complaint> unreachable_;
  std::vector<file_fault> broken_files_;
};

// Logs an error that is repeated once, until the operation succeeds.
class error_log {
 public:
  // Empty: the operation succeeded.
  void report(const std::string& text);

 private:
  std::string logged_;
};

}  // namespace heberg::proxy
