// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace heberg {
namespace {

constexpr std::size_t k_line_max = 8000;  // bytes of a message; a longer one is cut, and says so

std::atomic<level> most_verbose_shown = level::info;

// Is stderr the journal's own socket? systemd.exec(5), $JOURNAL_STREAM: "device:inode".
bool stderr_is_journal() noexcept {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  char own[64];
  std::snprintf(own, sizeof own, "%ju:%ju", static_cast<std::uintmax_t>(status.st_dev),
                static_cast<std::uintmax_t>(status.st_ino));
  return std::string_view(stream) == own;
}

// How many bytes the well-formed UTF-8 character at the start of `text` has; 0 where there is none, or where it is a
// control character: C0, DEL, and C1 too, which terminals obey.
std::size_t count_printable(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = at(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                             : (first & 0xf0) == 0xe0         ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const auto second = at(1);
  if (first == 0xc2 && second < 0xa0) return 0;                                        // C1
  if ((first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90)) return 0;  // longer than need be
  if ((first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f)) return 0;  // surrogates, beyond Unicode
  return length;
}

constexpr std::string_view name_of(level level) noexcept {
  switch (level) {
    case level::error:
      return "error";
    case level::warning:
      return "warning";
    case level::info:
      return "info";
    case level::debug:
      return "debug";
  }
  return "error";
}

}  // namespace

std::string escape_line(std::string_view text) {
  constexpr char k_digits[] = "0123456789abcdef";
  std::string line;
  line.reserve(std::min(text.size(), k_line_max));
  while (!text.empty()) {
    if (line.size() >= k_line_max) return line + " [cut]";
    const auto length = count_printable(text);
    if (length > 0) {
      line.append(text.substr(0, length));
    } else {
      const auto byte = static_cast<unsigned char>(text.front());
      line.append("\\x") += k_digits[byte >> 4];
      line += k_digits[byte & 15];
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return line;
}

void log(level level, std::string_view message) {
  if (level > most_verbose_shown.load(std::memory_order_relaxed)) return;
  static const bool k_journal = stderr_is_journal();
  std::string line =
      k_journal ? "<" + std::to_string(static_cast<int>(level)) + ">" : std::string(name_of(level)) + ": ";
  line.append(escape_line(message)) += '\n';
  // One write a line, so that lines of several processes do not mix. Where that fails there is nowhere to report it.
  std::string_view rest = line;
  while (!rest.empty()) {
    const auto count = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

void set_log_level(level most_verbose) noexcept {
  most_verbose_shown.store(most_verbose, std::memory_order_relaxed);
}

}  // namespace heberg
