// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/sftp/sftp_message.h"

#include "program/log.h"

#include <time.h>

#include <algorithm>
#include <charconv>

namespace heberg::syncd {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "<38>": facility * 8 + severity.
void take_priority(std::string_view& text, int& severity) {
  const auto end = text.substr(0, 5).find('>');
  if (!text.starts_with('<') || end == std::string_view::npos) return;
  int priority = 0;
  const auto [stop, error] = std::from_chars(text.data() + 1, text.data() + end, priority);
  if (error != std::errc() || stop != text.data() + end || priority < 0) return;
  severity = priority & 7;
  text.remove_prefix(end + 1);
}

// "Nov  4 21:45:00 "
void drop_time(std::string_view& text) {
  constexpr std::string_view k_form = "Aaa _0 00:00:00 ";
  if (text.size() < k_form.size()) return;
  for (std::size_t i = 0; i < k_form.size(); ++i) {
    const char c = text[i];
    const bool fits = k_form[i] == '0'   ? is_digit(c)
                      : k_form[i] == '_' ? is_digit(c) || c == ' '
                      : k_form[i] == 'A' ? c >= 'A' && c <= 'Z'
                      : k_form[i] == 'a' ? c >= 'a' && c <= 'z'
                                         : c == k_form[i];
    if (!fits) return;
  }
  text.remove_prefix(k_form.size());
}

// "internal-sftp[123]: "
void drop_program(std::string_view& text) {
  const auto end = text.substr(0, 64).find(": ");
  if (end == std::string_view::npos || end == 0) return;
  auto name = text.substr(0, end);
  if (name.ends_with(']')) {
    const auto bracket = name.rfind('[');
    if (bracket == std::string_view::npos) return;
    const auto number = name.substr(bracket + 1, name.size() - bracket - 2);
    if (number.empty() || !std::ranges::all_of(number, is_digit)) return;
    name = name.substr(0, bracket);
  }
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_' || c == '.';
  };
  if (name.empty() || !std::ranges::all_of(name, is_name)) return;
  text.remove_prefix(end + 2);
}

std::string time_text(std::chrono::system_clock::time_point now) {
  const time_t seconds = std::chrono::system_clock::to_time_t(now);
  struct tm parts {};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  return {text, ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

syslog_message parse_syslog(std::string_view datagram) {
  syslog_message message;
  take_priority(datagram, message.severity);
  drop_time(datagram);
  drop_program(datagram);
  const auto end = datagram.find_last_not_of(std::string_view("\r\n\0", 3));
  message.text = datagram.substr(0, end == std::string_view::npos ? 0 : end + 1);
  return message;
}

std::string format_sftp_line(std::chrono::system_clock::time_point now, int process, std::string_view text) {
  auto line = time_text(now) + " [" + std::to_string(process) + "] ";
  line += escape_line(text.substr(0, k_sftp_text_max));
  if (text.size() > k_sftp_text_max) line += " [cut]";
  return line + "\n";
}

}  // namespace heberg::syncd
