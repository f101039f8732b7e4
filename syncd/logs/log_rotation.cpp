// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/log_rotation.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace heberg::syncd {
namespace {

constexpr int k_names_max = 1000;   // rotations of one log in one second
constexpr std::size_t k_date = 15;  // YYYYMMDD-HHMMSS

std::tm local(std::time_t time) {
  std::tm parts{};
  ::localtime_r(&time, &parts);
  return parts;
}

}  // namespace

bool is_rotation_due(const struct stat& file, std::uint64_t max_size, std::time_t now) {
  if (file.st_size == 0) return false;
  if (std::cmp_greater_equal(file.st_size, max_size)) return true;
  const auto then = local(file.st_mtime);
  const auto today = local(now);
  return then.tm_yday != today.tm_yday || then.tm_year != today.tm_year;
}

std::string rotated_name(std::string_view name, std::time_t now) {
  const auto parts = local(now);
  char date[k_date + 1];
  std::strftime(date, sizeof date, "%Y%m%d-%H%M%S", &parts);
  return std::string(name) + "-" + date;
}

bool is_rotated(std::string_view file, std::string_view name) {
  if (!file.starts_with(name)) return false;
  file.remove_prefix(name.size());
  if (file.size() < k_date + 1 || file[0] != '-' || file[9] != '-') return false;
  for (std::size_t i = 1; i <= k_date; ++i) {
    if (i != 9 && (file[i] < '0' || file[i] > '9')) return false;
  }
  auto rest = file.substr(k_date + 1);
  if (rest.ends_with(".gz")) rest.remove_suffix(3);
  if (rest.empty()) return true;
  if (rest.front() != '.') return false;
  rest.remove_prefix(1);
  return !rest.empty() && rest.size() <= 4 && std::ranges::all_of(rest, [](char c) { return c >= '0' && c <= '9'; });
}

int log_rotator::rotate(const log_opener& opener, const opened_log& log, const std::string& site,
                        const std::string& name, std::time_t now) const {
  const int folder = log.folder.get();
  const auto wanted = rotated_name(name, now);
  for (int number = 0; number < k_names_max; ++number) {
    const auto to = number == 0 ? wanted : wanted + "." + std::to_string(number);
    // Compressed already: the name is taken all the same.
    struct stat status {};
    if (::fstatat(folder, (to + ".gz").c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) continue;
    const int error = opener.disk->rename_new(folder, name.c_str(), to.c_str());
    if (error == 0) archive_.push(opener.root, site);
    if (error != EEXIST) return error;
  }
  return EEXIST;
}

}  // namespace heberg::syncd
