// SPDX-License-Identifier: LGPL-2.1-or-later
#include "control/argument_literal.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <utility>

namespace heberg::control {
namespace {

constexpr std::size_t k_text_max = 1024;  // bytes, escaped; crypt(3) takes 511

bool is_printable_ascii(char c) {
  return c >= ' ' && c <= '~';
}

// Behind the closing quote of the string whose opening quote is at `begin`; npos where it has none.
std::size_t skip_string(std::string_view line, std::size_t begin) {
  for (std::size_t i = begin + 1; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;
    else if (line[i] == '"')
      return i + 1;
  }
  return std::string_view::npos;
}

bool is_key(std::string_view line, std::size_t end) {
  const auto next = line.find_first_not_of(" \t\r\n", end);
  return next != std::string_view::npos && line[next] == ':';
}

// A buffer on the stack that is wiped.
class wiped_text {
 public:
  wiped_text() = default;
  wiped_text(const wiped_text&) = delete;
  wiped_text& operator=(const wiped_text&) = delete;
  ~wiped_text() { ::explicit_bzero(bytes_.data(), bytes_.size()); }

  [[nodiscard]] bool add(char c) {
    if (size_ == bytes_.size()) return false;
    bytes_[size_++] = c;
    return true;
  }
  [[nodiscard]] secret take() const { return secret(std::string_view(bytes_.data(), size_)); }

 private:
  std::array<char, k_text_max> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace

std::optional<literal> find_second_argument(std::string_view line) {
  int depth = 0;
  int strings = 0;  // of the array
  bool is_in_arguments = false;
  std::string_view key;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '{' || c == '[') {
      ++depth;
      is_in_arguments = depth == 2 && c == '[' && key == "arguments";
      if (is_in_arguments) strings = 0;
    } else if (c == '}' || c == ']') {
      --depth;
      is_in_arguments = false;
    } else if (c == '"') {
      const auto end = skip_string(line, i);
      if (end == std::string_view::npos) return std::nullopt;
      const literal found{i + 1, end - 1};
      if (depth == 1 && is_key(line, end)) key = line.substr(found.begin, found.end - found.begin);
      if (is_in_arguments && ++strings == 2) return found;
      i = end - 1;
    }
  }
  return std::nullopt;
}

std::optional<secret> unescape(std::string_view literal) {
  wiped_text text;
  for (std::size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] == '\\' && (++i == literal.size() || (literal[i] != '"' && literal[i] != '\\'))) return std::nullopt;
    if (!is_printable_ascii(literal[i]) || !text.add(literal[i])) return std::nullopt;
  }
  return text.take();
}

std::optional<secret> escape(std::string_view text) {
  wiped_text escaped;
  for (const char c : text) {
    if (!is_printable_ascii(c)) return std::nullopt;
    if ((c == '"' || c == '\\') && !escaped.add('\\')) return std::nullopt;
    if (!escaped.add(c)) return std::nullopt;
  }
  return escaped.take();
}

}  // namespace heberg::control
