// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pam_heberg/authorized_keys/key_lines.h"

#include <catch2/catch.hpp>

using namespace heberg::owner_keys;

namespace {

struct result {
  std::string out;
  taken_keys taken;
};

result take(const std::string& text) {
  std::string out(text.size() + 1, '\0');
  const auto taken = take_keys(text, out.data());
  out.resize(taken.size);
  return {out, taken};
}

const std::string k_key = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

}  // namespace

TEST_CASE("a plain key is given without its comment, empty lines and comments are nothing") {
  const auto seen = take("# mine\n\n  ssh-ed25519 \t" + k_key + " me@home x\r\n\t\r\nssh-rsa AAAA");
  CHECK(seen.out == "ssh-ed25519 " + k_key + "\nssh-rsa AAAA\n");
  CHECK(seen.taken.keys == 2);
  CHECK(seen.taken.left_out == 0);
}

TEST_CASE("what is no usable key is left out, and the first is named") {
  const auto [line, reason] = GENERATE(table<std::string, std::string>({
      {"cert-authority ssh-ed25519 AAAA", "an option"},
      {"verify-required ssh-ed25519 AAAA", "an option"},
      {"from=\"a\",x ssh-ed25519 AAAA", "an option"},
      {"from=\"a\",from=\"b\" ssh-ed25519 AAAA", "an option"},
      {"from ssh-ed25519 AAAA", "an option"},
      {"from=192.0.2.1 ssh-ed25519 AAAA", "an option"},
      {"from=\"a b\" ssh-ed25519 AAAA", "an option"},
      {"from=\"a\\\",x\" ssh-ed25519 AAAA", "an option"},
      {"command=\"x ssh-ed25519 AAAA", "an option"},
      {"no-pty, ssh-ed25519 AAAA", "an option"},
      {",no-pty ssh-ed25519 AAAA", "an option"},
      {"ssh-ed25519-cert-v01@openssh.com AAAA", "an option"},
      {"no-pty x ssh-ed25519 AAAA", "key types"},
      {"no-pty", "key types"},
      {"ssh-dss AAAA", "an option"},
      {"ssh-ed25519", "no key"},
      {"ssh-ed25519 AA\"AA", "no key"},
      {std::string("ssh-ed25519 AA\0AA", 17), "no key"},
      {"ssh-ed25519 " + std::string(k_line_max, 'A'), "longer than 8 KB"},
      {std::string(60'000, 'x'), "longer than 8 KB"},
  }));
  INFO(line.substr(0, 80));
  const auto seen = take("#\n" + line + "\nssh-ed25519 BBBB\n" + line);
  CHECK(seen.out == "ssh-ed25519 BBBB\n");
  CHECK(seen.taken.left_out == 2);
  CHECK(seen.taken.first == 2);
  CHECK_THAT(seen.taken.reason, Catch::Contains(reason));
}

TEST_CASE("no more keys than 200 are given") {
  std::string text;
  for (int i = 0; i < 205; ++i) text += "ssh-ed25519 AAAA\n";
  const auto seen = take(text);
  CHECK(seen.taken.keys == k_keys_max);
  CHECK(seen.taken.left_out == 5);
  CHECK(seen.taken.first == 201);
}

TEST_CASE("an empty text has no keys") {
  CHECK(take("").out.empty());
  CHECK(take("\n\n\n").taken.left_out == 0);
}

TEST_CASE("of the options those that restrict a login are given, and those without effect are not") {
  const auto [line, wanted] = GENERATE(table<std::string, std::string>({
      {"from=\"192.0.2.*,!192.0.2.7,2001:db8::/32\"", "from=\"192.0.2.*,!192.0.2.7,2001:db8::/32\" "},
      {"no-pty,From=\"a.example\",command=\"x, \\\"y\\\" z\",expiry-time=\"20300101\"",
       "From=\"a.example\",expiry-time=\"20300101\" "},
      {"command=\"/bin/sh\",environment=\"LD_PRELOAD=/www/x.so\",PTY,permitopen=\"*:*\"", ""},
  }));
  const auto seen = take(line + " \tssh-ed25519 AAAA me\n");
  CHECK(seen.out == wanted + "ssh-ed25519 AAAA\n");
  CHECK(seen.taken.left_out == 0);
}
