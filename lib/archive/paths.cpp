// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive/paths.h"

#include <algorithm>

namespace heberg::archive {
namespace {

// Calls visit(component) for each part between slashes; stops where it returns false.
template <typename Visit>
bool for_each_component(std::string_view path, Visit visit) {
  for (;;) {
    const auto component = path.substr(0, path.find('/'));
    if (!visit(component)) return false;
    if (component.size() == path.size()) return true;
    path.remove_prefix(component.size() + 1);
  }
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

bool is_valid_path(std::string_view path) noexcept {
  if (path.empty()) return true;
  if (path.size() > k_path_max || path.find('\0') != std::string_view::npos) return false;
  std::size_t depth = 0;
  return for_each_component(path, [&](std::string_view component) {
    return !component.empty() && component != "." && component != ".." && component.size() <= 255 &&
           ++depth <= k_depth_max;
  });
}

bool stays_inside(std::string_view path, std::string_view target) noexcept {
  if (target.empty() || target.starts_with('/') || target.size() > k_path_max) return false;
  auto depth = std::count(path.begin(), path.end(), '/');  // of the folder that the link is in
  return for_each_component(target, [&](std::string_view component) {
    if (component == "..") return --depth >= 0;
    if (!component.empty() && component != ".") ++depth;
    return true;
  });
}

std::string parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::string name_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string encode_path(std::string_view path) {
  constexpr char k_digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '%') {
      text += c;
    } else {
      ((text += '%') += k_digits[byte >> 4U]) += k_digits[byte & 15U];
    }
  }
  return text;
}

std::string decode_path(std::string_view text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      path += text[i];
      continue;
    }
    if (i + 2 >= text.size() || digit_of(text[i + 1]) < 0 || digit_of(text[i + 2]) < 0) return {};
    path += static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2]));
    i += 2;
  }
  return path;
}

}  // namespace heberg::archive
