// SPDX-License-Identifier: LGPL-2.1-or-later
// OpenSSH public keys as values (sshd(8), AUTHORIZED_KEYS FILE FORMAT; RFC 4253, 6.6). No files here. A line that
// sshd would skip silently is an error here, so that a key that was added works.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace heberg::tree {

inline constexpr std::size_t k_keys_file_max = 64 * 1024;  // bytes

struct public_key {
  std::string type;         // "ssh-ed25519"
  std::string base64;       // the key itself
  std::string comment;      // may be empty
  std::string fingerprint;  // "SHA256:…", as ssh-keygen -l prints it
  [[nodiscard]] std::string line() const;
};

struct bad_key {
  std::string reason;  // the end of a sentence; contains no part of the line
};

// One line, "TYPE BASE64 [COMMENT]". Options before the type are refused: a site's session does not need them.
[[nodiscard]] std::variant<public_key, bad_key> parse_public_key(std::string_view line);

// The keys of a file's text, without the lines that are no such keys (comments, options, broken keys).
[[nodiscard]] std::vector<public_key> parse_keys(std::string_view text);

// The text with this key as one more line, or unchanged where it has the key already.
[[nodiscard]] std::string add_key(std::string_view text, const public_key& key);

// The text without the lines of the key that has this fingerprint. All other lines stay as they are.
[[nodiscard]] std::string remove_key(std::string_view text, std::string_view fingerprint);

}  // namespace heberg::tree
