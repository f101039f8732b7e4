// SPDX-License-Identifier: LGPL-2.1-or-later
#include "digest/sha256.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace heberg {
namespace {

void check(int result) {
  if (result != 1) throw std::runtime_error("SHA-256: OpenSSL refuses");
}

}  // namespace

void sha256::closer::operator()(evp_md_ctx_st* context) const noexcept {
  ::EVP_MD_CTX_free(context);
}

sha256::sha256() : context_(::EVP_MD_CTX_new()) {
  if (context_ == nullptr) throw std::bad_alloc();
  check(::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr));
}

void sha256::add(std::string_view bytes) {
  check(::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

sha256_sum sha256::finish() {
  sha256_sum sum{};
  check(::EVP_DigestFinal_ex(context_.get(), sum.data(), nullptr));
  check(::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr));
  return sum;
}

sha256_sum sha256_of(std::string_view bytes) {
  sha256 digest;
  digest.add(bytes);
  return digest.finish();
}

sha256_sum hmac_sha256(std::string_view key, std::string_view bytes) {
  constexpr std::size_t k_block = 64;
  const auto text_of = [](const sha256_sum& sum) {
    return std::string_view(reinterpret_cast<const char*>(sum.data()), sum.size());
  };
  std::string inner(key);
  if (key.size() > k_block) {
    const auto short_key = sha256_of(key);
    inner = text_of(short_key);
  }
  inner.resize(k_block);
  std::string outer = inner;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  sha256 digest;
  digest.add(inner);
  digest.add(bytes);
  const auto first = digest.finish();
  digest.add(outer);
  digest.add(text_of(first));
  return digest.finish();
}

}  // namespace heberg
