// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/keys.h"

#include "base/characters.h"
#include "digest/base64.h"
#include "digest/sha256.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace heberg::tree {
namespace {

constexpr std::size_t k_line_max = 16 * 1024;  // sshd's own limit, for RSA with 16384 bits
constexpr std::size_t k_comment_max = 256;

// What the fields after the type's name must be.
struct key_type {
  std::string_view name;
  std::string_view curve;  // ecdsa's second field
  std::size_t point = 0;   // the key's length; 0: RSA's two numbers
  bool has_application = false;
};
constexpr std::array<key_type, 7> k_types = {{
    {"ssh-ed25519", "", 32, false},
    {"sk-ssh-ed25519@openssh.com", "", 32, true},
    {"ssh-rsa", "", 0, false},
    {"ecdsa-sha2-nistp256", "nistp256", 65, false},
    {"ecdsa-sha2-nistp384", "nistp384", 97, false},
    {"ecdsa-sha2-nistp521", "nistp521", 133, false},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", 65, true},
}};
constexpr std::size_t k_rsa_min_bytes = 256;  // 2048 bits

// Takes the next length-prefixed string from the front.
std::optional<std::string_view> take_field(std::string_view& blob) {
  if (blob.size() < 4) return std::nullopt;
  std::size_t size = 0;
  for (int i = 0; i < 4; ++i) size = (size << 8U) | static_cast<unsigned char>(blob[static_cast<std::size_t>(i)]);
  if (size > blob.size() - 4) return std::nullopt;
  const auto field = blob.substr(4, size);
  blob.remove_prefix(4 + size);
  return field;
}

bool is_large_number(std::string_view number) {
  while (number.starts_with('\0')) number.remove_prefix(1);
  return number.size() >= k_rsa_min_bytes && (static_cast<unsigned char>(number[0]) & 0x80U) != 0;
}

// Empty: the blob is a key of this type.
std::string check_blob(std::string_view blob, const key_type& type) {
  const auto name = take_field(blob);
  if (!name || *name != type.name) return "is of another type than it says";
  if (!type.curve.empty() && take_field(blob) != type.curve) return "is cut short or damaged";
  if (type.point == 0) {
    const auto exponent = take_field(blob);
    const auto modulus = take_field(blob);
    if (!exponent || exponent->empty() || !modulus || !blob.empty()) return "is cut short or damaged";
    return is_large_number(*modulus) ? "" : "is an RSA key of less than 2048 bits, which sshd refuses";
  }
  const auto point = take_field(blob);
  if (!point || point->size() != type.point) return "is cut short or damaged";
  if (type.has_application) {
    const auto application = take_field(blob);
    if (!application || application->empty()) return "is cut short or damaged";
  }
  return blob.empty() ? "" : "is cut short or damaged";
}

std::string_view take_token(std::string_view& text) {
  const auto token = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(token.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return token;
}

std::string_view trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") + 1 - from);
}

// Calls visit(line) for each line, without its newline.
template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    visit(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

}  // namespace

std::string public_key::line() const {
  return type + " " + base64 + (comment.empty() ? "" : " " + comment);
}

std::variant<public_key, bad_key> parse_public_key(std::string_view line) {
  auto rest = trim(line);
  if (rest.size() > k_line_max) return bad_key{"is longer than 16 KB"};
  if (rest.find("PRIVATE KEY") != std::string_view::npos) return bad_key{"is a private key: give the one in *.pub"};
  const auto token = take_token(rest);
  const auto* type = std::find_if(k_types.begin(), k_types.end(), [&](const auto& t) { return t.name == token; });
  if (type == k_types.end()) {
    return bad_key{
        "begins with none of the key types that sshd accepts (ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa, …)"};
  }
  const auto base64 = take_token(rest);
  const auto blob = decode_base64(base64);
  if (!blob) return bad_key{"is cut short or damaged"};
  if (auto reason = check_blob(*blob, *type); !reason.empty()) return bad_key{std::move(reason)};
  if (rest.size() > k_comment_max || std::any_of(rest.begin(), rest.end(), is_control))
    return bad_key{"has a comment that is too long or holds control characters"};
  const auto sum = sha256_of(*blob);
  auto shown = encode_base64({reinterpret_cast<const char*>(sum.data()), sum.size()});
  shown.resize(shown.find('='));  // as ssh-keygen shows it
  return public_key{.type = std::string(token),
                    .base64 = std::string(base64),
                    .comment = std::string(rest),
                    .fingerprint = "SHA256:" + shown};
}

std::vector<public_key> parse_keys(std::string_view text) {
  std::vector<public_key> keys;
  for_each_line(text, [&](std::string_view line) {
    auto parsed = parse_public_key(line);
    if (auto* key = std::get_if<public_key>(&parsed)) keys.push_back(std::move(*key));
  });
  return keys;
}

std::string add_key(std::string_view text, const public_key& key) {
  std::string result(text);
  for (const auto& known : parse_keys(text)) {
    if (known.fingerprint == key.fingerprint) return result;
  }
  if (!result.empty() && !result.ends_with('\n')) result += '\n';
  return result + key.line() + "\n";
}

std::string remove_key(std::string_view text, std::string_view fingerprint) {
  std::string result;
  for_each_line(text, [&](std::string_view line) {
    const auto parsed = parse_public_key(line);
    const auto* key = std::get_if<public_key>(&parsed);
    if (key == nullptr || key->fingerprint != fingerprint) result.append(line).append("\n");
  });
  return result;
}

}  // namespace heberg::tree
