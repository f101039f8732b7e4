// SPDX-License-Identifier: LGPL-2.1-or-later
#include "verify.h"

#include <crypt.h>

#include <string.h>

#include <cstddef>
#include <cstdlib>

namespace heberg::pam {
namespace {

// yescrypt at Debian's default cost (j9T), as syncd makes all its hashes, of 128 random bits that were not kept.
constexpr char k_dummy_hash[] = "$y$j9T$AhseXpYBjX95U1CxUmUU8.$QTR5s8KDpwSZ05G8kP09ecqGL4qz3rjHGEzDakxokyD";

// What is hashed in place of a password that is refused anyway.
constexpr char k_dummy_password[] = "no password at all";

bool is_acceptable(const char* password) noexcept {
  if (password == nullptr) return false;
  const std::size_t size = ::strnlen(password, CRYPT_MAX_PASSPHRASE_SIZE);
  return size > 0 && size < CRYPT_MAX_PASSPHRASE_SIZE;
}

// Looks at every byte, wherever the first difference is.
bool is_equal(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;  // the length reveals the method, which the setting revealed before
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

password_match verify(const char* password, std::string_view hash) noexcept {
  // 32 KB: too much for the stack of another program's thread. crypt(3) wants it zeroed.
  auto* work = static_cast<crypt_data*>(std::calloc(1, sizeof(crypt_data)));
  if (work == nullptr) return password_match::no_memory;

  const bool has_hash = !hash.empty() && hash.size() < sizeof work->setting;
  const bool acceptable = is_acceptable(password);
  // `setting` is a member of crypt_data that crypt_r(3) leaves to its callers, for this.
  if (has_hash) {
    ::memcpy(work->setting, hash.data(), hash.size());
  } else {
    ::strcpy(work->setting, k_dummy_hash);
  }
  const char* computed = ::crypt_r(acceptable ? password : k_dummy_password, work->setting, work);
  // A setting that crypt does not know gives NULL or a string that begins with '*' and equals no hash.
  const bool equal = computed != nullptr && computed[0] != '*' && is_equal(computed, work->setting);

  ::explicit_bzero(work, sizeof *work);
  std::free(work);
  return equal && has_hash && acceptable ? password_match::match : password_match::mismatch;
}

}  // namespace heberg::pam
