// SPDX-License-Identifier: LGPL-2.1-or-later
#include "digest/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <limits>
#include <memory>

namespace heberg {
namespace {

struct freer {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
template <typename type>
using owned = std::unique_ptr<type, freer>;

owned<BIO> reader_of(std::string_view text) {
  if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return nullptr;
  return owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// No question on a terminal: a key with a passphrase is none that a server can use by itself.
int give_no_passphrase(char*, int, int, void*) {
  return -1;
}

owned<X509> read_certificate(std::string_view pem) {
  const auto text = reader_of(pem);
  return owned<X509>(text ? PEM_read_bio_X509(text.get(), nullptr, give_no_passphrase, nullptr) : nullptr);
}

std::string last_reason() {
  const auto* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown error";
}

}  // namespace

std::optional<std::chrono::sys_seconds> certificate_end(std::string_view pem) {
  const auto certificate = read_certificate(pem);
  std::tm end{};
  const bool is_read = certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) == 1;
  ERR_clear_error();
  if (!is_read) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&end)));
}

std::string explain_key_pair(std::string_view certificate_pem, std::string_view key_pem) {
  ERR_clear_error();
  const auto certificate = read_certificate(certificate_pem);
  if (!certificate) return "the certificate cannot be read: " + last_reason();
  const auto text = reader_of(key_pem);
  const owned<EVP_PKEY> key(text ? PEM_read_bio_PrivateKey(text.get(), nullptr, give_no_passphrase, nullptr) : nullptr);
  if (!key) return "the key cannot be read: " + last_reason();
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    return "the key is not the certificate's: " + last_reason();
  return {};
}

}  // namespace heberg
