// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/parse_time.h"

#include <optional>

namespace heberg::docker {
namespace {

using namespace std::chrono;

// Takes exactly `count` digits, and the character after them where one is named, off the front.
std::optional<int> take(std::string_view& text, std::size_t count, char then = '\0') noexcept {
  if (text.size() < count + (then != '\0' ? 1 : 0)) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(count);
  if (then == '\0') return number;
  if (text.front() != then) return std::nullopt;
  text.remove_prefix(1);
  return number;
}

// ".615500361" to nanoseconds; digits after the ninth are dropped.
std::optional<nanoseconds> take_fraction(std::string_view& text) noexcept {
  if (!text.starts_with('.')) return 0ns;
  text.remove_prefix(1);
  std::int64_t value = 0;
  std::int64_t unit = 100'000'000;
  std::size_t count = 0;
  for (; count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count, unit /= 10)
    value += (text[count] - '0') * unit;
  if (count == 0) return std::nullopt;
  text.remove_prefix(count);
  return nanoseconds(value);
}

std::optional<minutes> take_offset(std::string_view text) noexcept {
  if (text == "Z") return minutes(0);
  if (!text.starts_with('+') && !text.starts_with('-')) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto h = take(text, 2, ':');
  const auto m = h ? take(text, 2) : std::nullopt;
  if (!m || !text.empty() || *h > 23 || *m > 59) return std::nullopt;
  return minutes(sign * (*h * 60 + *m));
}

}  // namespace

engine_time parse_time(std::string_view text) noexcept {
  const auto y = take(text, 4, '-');
  const auto mo = y ? take(text, 2, '-') : std::nullopt;
  const auto d = mo ? take(text, 2, 'T') : std::nullopt;
  const auto h = d ? take(text, 2, ':') : std::nullopt;
  const auto mi = h ? take(text, 2, ':') : std::nullopt;
  const auto s = mi ? take(text, 2) : std::nullopt;
  if (!s || *y < 1970 || *y > 2199 || *h > 23 || *mi > 59 || *s > 60) return {};
  const year_month_day date(year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d)));
  if (!date.ok()) return {};
  const auto fraction = take_fraction(text);
  if (!fraction) return {};
  const auto offset = take_offset(text);
  if (!offset) return {};
  return sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) + *fraction - *offset;
}

engine_time time_of(std::uint64_t count) noexcept {
  constexpr auto k_end = sys_seconds(sys_days(year(2200) / 1 / 1));
  if (count >= static_cast<std::uint64_t>(k_end.time_since_epoch().count())) return {};
  return sys_seconds(seconds(static_cast<std::int64_t>(count)));
}

}  // namespace heberg::docker
