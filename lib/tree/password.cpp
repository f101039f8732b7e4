// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/password.h"

#include "base/errors.h"

#include <crypt.h>

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace heberg::tree {
namespace {

// crypt(5)'s methods with a "$id$" prefix, and how long the digest is that ends their hashes.
struct method {
  std::string_view prefix;
  std::size_t digest;
};
constexpr std::array<method, 12> k_methods = {{
    {"$y$", 43},
    {"$gy$", 43},
    {"$7$", 43},
    {"$2a$", 53},
    {"$2b$", 53},
    {"$2x$", 53},
    {"$2y$", 53},
    {"$6$", 86},
    {"$5$", 43},
    {"$sha1$", 28},
    {"$1$", 22},
    {"$3$", 32},
}};

bool is_hash_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/' ||
         c == '$' || c == '=' || c == ',' || c == '-' || c == '_';
}

// crypt_checksalt() checks the method and its settings; this checks that the digest is complete.
bool is_whole_hash(std::string_view line, const method& method) {
  if (line.size() >= CRYPT_OUTPUT_SIZE || !std::all_of(line.begin(), line.end(), is_hash_character)) return false;
  const auto result = ::crypt_checksalt(std::string(line).c_str());
  if (result == CRYPT_SALT_INVALID || result == CRYPT_SALT_METHOD_DISABLED) return false;
  const auto digest = line.substr(line.rfind('$') + 1);
  return digest.size() == method.digest;
}

// "*", "!", "!!", and a hash behind one of them: with these in shadow(5) no password is accepted.
bool means_no_password(std::string_view line) {
  const auto rest = line.find_first_not_of("*!");
  return rest == std::string_view::npos || (rest > 0 && line[rest] == '$');
}

// crypt(3)'s working memory, half a page to 32 kB of traces of the password.
class crypt_memory {
 public:
  crypt_memory() = default;
  crypt_memory(const crypt_memory&) = delete;
  crypt_memory& operator=(const crypt_memory&) = delete;
  ~crypt_memory() {
    if (data_ != nullptr) ::explicit_bzero(data_, static_cast<std::size_t>(size_));
    std::free(data_);  // crypt_ra(3) takes it from malloc
  }

  // nullptr with errno set where it fails; "*0" never comes from crypt_ra.
  const char* run(const char* password, const char* setting) { return ::crypt_ra(password, setting, &data_, &size_); }

 private:
  void* data_ = nullptr;
  int size_ = 0;
};

void fill_random(void* bytes, std::size_t size) {
  if (::getrandom(bytes, size, 0) != static_cast<ssize_t>(size)) throw_errno("getrandom", "for a password");
}

}  // namespace

classified_line classify_line(std::string_view line) {
  if (line.empty() || means_no_password(line)) return {line_kind::empty, {}};
  if (line.find('\0') != std::string_view::npos) return {line_kind::bad, "its first line holds a NUL byte"};
  if (line.size() >= CRYPT_MAX_PASSPHRASE_SIZE) return {line_kind::bad, "its first line is longer than 511 bytes"};
  for (const auto& method : k_methods) {
    if (!line.starts_with(method.prefix)) continue;
    if (is_whole_hash(line, method)) return {line_kind::hash, {}};
    return {line_kind::bad, "it begins like a crypt(5) hash (" + std::string(method.prefix) +
                                "), but crypt(3) does not accept it as one"};
  }
  return {line_kind::password, {}};
}

secret generate_password() {
  // Without 0 O 1 l I: 57 characters.
  constexpr std::string_view alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  static_assert(alphabet.size() == 57);
  // Bytes from here on are thrown away, so that all characters are equally likely.
  constexpr unsigned limit = 256 / alphabet.size() * alphabet.size();
  std::array<char, 20> text{};
  for (char& c : text) {
    unsigned char byte = 0;
    do {
      fill_random(&byte, 1);
    } while (byte >= limit);
    c = alphabet[byte % alphabet.size()];
  }
  secret password(std::string_view(text.data(), text.size()));
  ::explicit_bzero(text.data(), text.size());
  return password;
}

std::string hash_password(const secret& password) {
  std::array<char, 32> random{};
  fill_random(random.data(), random.size());
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (::crypt_gensalt_rn("$y$", 0, random.data(), static_cast<int>(random.size()), setting.data(),
                         static_cast<int>(setting.size())) == nullptr) {
    throw_errno("crypt_gensalt", "$y$");
  }
  crypt_memory memory;
  const char* hash = memory.run(password.c_str(), setting.data());
  if (hash == nullptr || hash[0] == '*') throw_errno("crypt", "$y$");
  return hash;
}

bool is_hash_of(const std::string& hash, const secret& password) {
  crypt_memory memory;
  const char* again = memory.run(password.c_str(), hash.c_str());
  return again != nullptr && again[0] != '*' && hash == again;
}

}  // namespace heberg::tree
