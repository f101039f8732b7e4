// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/complaints_log.h"

#include "program/log.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace heberg::proxy {
namespace {

std::string describe(const complaint& about) {
  std::string text = "container " + about.container + ": ";
  if (!about.variable.empty()) text += about.variable + " \"" + about.value + "\" ";
  return text + about.reason;
}

std::string describe(const file_fault& about) {
  return about.path + " " + about.reason;
}

template <class item>
void log_fresh(const std::vector<item>& now, std::vector<item>& logged, std::string_view consequence) {
  std::vector<item> fresh;
  std::ranges::set_difference(now, logged, std::back_inserter(fresh));
  for (const auto& about : fresh) log(level::warning, describe(about).append(consequence));
  logged = now;
}

}  // namespace

void complaints_log::log_new(const plan& plan) {
  log_fresh(plan.refused, refused_, " (refused)");
  log_fresh(plan.unreachable, unreachable_, " (its names answer 502)");
  log_fresh(plan.broken_files, broken_files_, "");
}

void error_log::report(const std::string& text) {
  if (std::exchange(logged_, text) != text && !text.empty()) log(level::error, text);
}

}  // namespace heberg::proxy
