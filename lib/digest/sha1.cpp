// SPDX-License-Identifier: LGPL-2.1-or-later
#include "digest/sha1.h"

#include "base/hex.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace heberg {

std::string sha1_hex(std::string_view bytes) {
  std::array<unsigned char, 20> sum{};
  unsigned size = 0;
  if (::EVP_Digest(bytes.data(), bytes.size(), sum.data(), &size, ::EVP_sha1(), nullptr) != 1 || size != sum.size())
    throw std::runtime_error("SHA-1: OpenSSL refuses");
  return to_hex(sum);
}

}  // namespace heberg
