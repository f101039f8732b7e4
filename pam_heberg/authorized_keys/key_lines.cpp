// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pam_heberg/authorized_keys/key_lines.h"

#include "base/text.h"

#include <strings.h>

#include <cstring>

namespace heberg::owner_keys {
namespace {

constexpr std::string_view k_types[] = {
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
};

// ForceCommand, PermitTTY, DisableForwarding and PermitUserEnvironment of sshd-heberg.conf hold whatever these say.
constexpr std::string_view k_without_effect[] = {
    "command",
    "environment",
    "restrict",
    "pty",
    "no-pty",
    "user-rc",
    "no-user-rc",
    "permitopen",
    "permitlisten",
    "tunnel",
    "no-touch-required",
    "port-forwarding",
    "no-port-forwarding",
    "agent-forwarding",
    "no-agent-forwarding",
    "x11-forwarding",
    "no-x11-forwarding",
};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool is_base64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text[0])) text = slice(text, 1);
  return text;
}

std::string_view first_word(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && !is_blank(text[size])) ++size;
  return slice(text, 0, size);
}

bool is_type(std::string_view word) {
  for (const auto type : k_types) {
    if (word == type) return true;
  }
  return false;
}

bool is_key(std::string_view word) {
  for (const char c : word) {
    if (!is_base64(c)) return false;
  }
  return !word.empty();
}

// sshd compares the names of options so.
bool is_same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool has_no_effect(std::string_view option) {
  for (const auto name : k_without_effect) {
    if (is_same_word(option, name)) return true;
  }
  return false;
}

// What stands in quotes: addresses, patterns and numbers.
bool is_quoted_list(std::string_view value) {
  if (value.size() < 2 || value[0] != '"' || value[value.size() - 1] != '"') return false;
  for (const char c : slice(value, 1, value.size() - 2)) {
    if (c == '\0' || (!is_base64(c) && std::strchr(".:*?!,_-", c) == nullptr)) return false;
  }
  return true;
}

// A usable line.
struct key_line {
  std::string_view from;  // the options as they stand, or empty
  std::string_view expiry;
  std::string_view type;
  std::string_view key;
};

constexpr char k_bad_option[] =
    "has an option that cannot be used here: write the key alone, or with from= or expiry-time=";

// Takes the options from the front of the line. Null, or why it is not used.
const char* take_options(std::string_view& line, key_line& found) {
  for (;;) {
    std::size_t size = 0;
    std::size_t name_size = std::string_view::npos;
    bool is_quoted = false;
    for (; size < line.size(); ++size) {
      const char c = line[size];
      if (c == '"' && (size == 0 || line[size - 1] != '\\')) is_quoted = !is_quoted;
      if (c == '=' && name_size == std::string_view::npos) name_size = size;
      if (!is_quoted && (c == ',' || is_blank(c))) break;
    }
    const auto option = slice(line, 0, size);
    const bool has_value = name_size < size;
    const auto name = has_value ? slice(option, 0, name_size) : option;
    auto* const kept = is_same_word(name, "from")          ? &found.from
                       : is_same_word(name, "expiry-time") ? &found.expiry
                                                           : nullptr;
    if (is_quoted) return k_bad_option;
    if (kept != nullptr) {
      if (!kept->empty() || !has_value || !is_quoted_list(slice(option, name_size + 1))) return k_bad_option;
      *kept = option;
    } else if (!has_no_effect(name)) {
      return k_bad_option;
    }
    const bool is_last = size == line.size() || is_blank(line[size]);
    line = slice(line, is_last ? size : size + 1);
    if (is_last) return nullptr;
  }
}

// Null where the line is usable.
const char* judge(std::string_view line, key_line& found) {
  if (line.size() > k_line_max) return "is longer than 8 KB";
  if (!is_type(first_word(line))) {
    if (const char* reason = take_options(line, found); reason != nullptr) return reason;
    line = without_blanks(line);
  }
  found.type = first_word(line);
  if (!is_type(found.type)) return "has none of the key types that sshd accepts";
  found.key = first_word(without_blanks(slice(line, found.type.size())));
  return is_key(found.key) ? nullptr : "has no key after its type";
}

}  // namespace

taken_keys take_keys(std::string_view text, char* out) noexcept {
  taken_keys taken;
  const auto add = [&](std::string_view part) {
    std::memcpy(out + taken.size, part.data(), part.size());
    taken.size += part.size();
  };
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto size = end == std::string_view::npos ? text.size() : end;
    const auto line = without_blanks(slice(text, 0, size));
    text = slice(text, end == std::string_view::npos ? size : size + 1);
    if (line.empty() || line[0] == '#') continue;
    key_line found;
    const char* reason = judge(line, found);
    if (reason == nullptr && taken.keys == k_keys_max) reason = "is one more than the 200 keys that are used";
    if (reason != nullptr) {
      if (taken.left_out++ == 0) {
        taken.first = number;
        taken.reason = reason;
      }
      continue;
    }
    add(found.from);
    if (!found.from.empty() && !found.expiry.empty()) add(",");
    add(found.expiry);
    if (!found.from.empty() || !found.expiry.empty()) add(" ");
    add(found.type);
    add(" ");
    add(found.key);
    add("\n");
    ++taken.keys;
  }
  return taken;
}

}  // namespace heberg::owner_keys
