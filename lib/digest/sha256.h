// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-256 (OpenSSL's, which uses the processor's own instructions): of an archive's files, of a public key.
#pragma once

#include "base/hex.h"  // a sum is shown with to_hex()

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace heberg {

using sha256_sum = std::array<unsigned char, 32>;

class sha256 {
 public:
  sha256();
  void add(std::string_view bytes);
  [[nodiscard]] sha256_sum finish();  // and is ready for the next

 private:
  struct closer {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, closer> context_;
};

[[nodiscard]] sha256_sum sha256_of(std::string_view bytes);
[[nodiscard]] sha256_sum hmac_sha256(std::string_view key, std::string_view bytes);  // RFC 2104

}  // namespace heberg
