// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/fake_logs.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace heberg::test {
namespace {

std::string stamp_text(std::int64_t stamp) {
  constexpr std::int64_t k_second = 1'000'000'000;
  const std::time_t seconds = stamp / k_second;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%s.%09ldZ", date, static_cast<long>(stamp % k_second));
  return text;
}

std::string_view value_of(std::string_view target, std::string_view name) {
  const auto at = target.find("&" + std::string(name) + "=");
  if (at == std::string_view::npos) return {};
  target.remove_prefix(at + name.size() + 2);
  return target.substr(0, target.find('&'));
}

}  // namespace

std::string log_frame(const fake_log_entry& entry, bool tty) {
  auto body = stamp_text(entry.stamp) + " " + entry.text;
  if (tty) {
    if (body.ends_with('\n')) body.insert(body.size() - 1, "\r");
    return body;
  }
  std::string head{static_cast<char>(entry.stream), 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) head += static_cast<char>(body.size() >> shift & 0xff);
  return head + body;
}

fake_log_query parse_log_query(std::string_view target) {
  fake_log_query query;
  query.follow = value_of(target, "follow") == "1";
  if (const auto tail = value_of(target, "tail"); !tail.empty()) {
    query.tail = std::strtoul(std::string(tail).c_str(), nullptr, 10);
  }
  if (const auto since = value_of(target, "since"); !since.empty()) {
    const auto point = since.find('.');
    query.since = std::atoll(std::string(since.substr(0, point)).c_str()) * 1'000'000'000 +
                  std::atoll(std::string(since.substr(point + 1)).c_str());
  }
  return query;
}

std::size_t first_of(const fake_log& log, const fake_log_query& query) {
  const auto count = log.entries.size() - log.first;
  auto first = log.first + count - std::min(count, query.tail);
  while (first < log.entries.size() && log.entries[first].stamp < query.since) ++first;
  return first;
}

}  // namespace heberg::test
