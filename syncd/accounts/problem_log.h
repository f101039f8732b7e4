// SPDX-License-Identifier: LGPL-2.1-or-later
// Log lines about a subject (a site, the ledger), and problems that last: each is logged once when it begins or
// changes, and once when it is over.
#pragma once

#include "program/log.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace heberg::syncd {

class problem_log {
 public:
  explicit problem_log(std::function<void(level, std::string_view)> log) : log_(std::move(log)) {}

  // "SUBJECT: TEXT"
  void write(level level, const std::string& subject, std::string_view text) const;

  // Logs the problem unless it is the topic's current one. An empty text ends the topic's problem.
  void report(const std::string& topic, level level, const std::string& subject, const std::string& text);

  // Drops the topic's problem without a line.
  void forget(const std::string& topic) { problems_.erase(topic); }

 private:
  std::function<void(level, std::string_view)> log_;
  std::map<std::string, std::string> problems_;  // by topic
};

}  // namespace heberg::syncd
