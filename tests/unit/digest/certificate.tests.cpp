// SPDX-License-Identifier: LGPL-2.1-or-later
#include "digest/certificate.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>

using namespace heberg;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

// openssl(1)'s, of a key of its own; days may be past.
struct key_pair {
  test::temp_dir dir;
  std::string certificate, key;

  explicit key_pair(int days) {
    const auto folder = dir.path().string();
    const auto command =
        "cd " + folder +
        " && openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=a.test " + "-days " +
        std::to_string(days) + " -keyout key -out crt >log 2>&1";
    REQUIRE(std::system(command.c_str()) == 0);
    certificate = test::read_file(dir / "crt");
    key = test::read_file(dir / "key");
  }
};

}  // namespace

TEST_CASE("a certificate's end is read from it, to the second") {
  const key_pair pair(30);
  const auto end = certificate_end("something before\n" + pair.certificate);
  REQUIRE(end);
  const auto left = *end - std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CHECK(left <= std::chrono::days(30));
  CHECK(left > std::chrono::days(30) - 1min);
}

TEST_CASE("what is no certificate has no end") {
  CHECK_FALSE(certificate_end(""));
  CHECK_FALSE(certificate_end("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  const key_pair pair(1);
  CHECK_FALSE(certificate_end(pair.key));
  CHECK_FALSE(certificate_end(pair.certificate.substr(0, pair.certificate.size() / 2)));
}

TEST_CASE("a key that is not the certificate's, or none, is told") {
  const key_pair pair(1), other(1);
  CHECK(explain_key_pair(pair.certificate, pair.key).empty());
  CHECK_THAT(explain_key_pair(pair.certificate, other.key), Contains("the key is not the certificate's"));
  CHECK_THAT(explain_key_pair(pair.certificate, "no key"), Contains("the key cannot be read"));
  CHECK_THAT(explain_key_pair("", pair.key), Contains("the certificate cannot be read"));
}
