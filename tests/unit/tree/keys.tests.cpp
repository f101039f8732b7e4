// SPDX-License-Identifier: LGPL-2.1-or-later
// Keys and fingerprints here are ssh-keygen's.
#include "tree/keys.h"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace heberg::tree;
using Catch::Contains;

namespace {

const std::vector<std::pair<std::string, std::string>> k_known = {
    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAs+tINr1Bk1jWaoO+aR+lEziW7XZoPOv9GdYUUsI+PW me@home two",
     "SHA256:OOg6+8Xch0N7G7icwxSjXVoWexwnD0OCalBN4yc0EHo"},
    {"ecdsa-sha2-nistp256 "
     "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHBw+KVePlZi0FlYqY8P+"
     "zYRovW8vG7Q8PxEVGUKhduXKLzEMcSgiocRGpRmZXLujsypcBKPN8mcxZfHylZROAY= me@home two",
     "SHA256:DhmxooWyDBpTifOX7ZGziLzfRkaSyr1sE7RiUllJHZE"},
    {"ecdsa-sha2-nistp384 "
     "AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBKT3gvTHl0ZvSv+"
     "ZTHS5GeNGwPfYkWOThITxNGCxVIv83qKcVNIXCqATNKVKsDQCX9Y+"
     "4WmkwYzhbo7zNtBYgQbmJZ7itf3eQR33Y5pCH4xypuwrOmHaTNLTjbwWetsP4A== me@home two",
     "SHA256:8KE0DMawS9/VDmrW+fpF9Zo1OyQJYXNt0KD5z0Wiaww"},
    {"ecdsa-sha2-nistp521 "
     "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAAeNk0HiUPjvGKm3aMKKaFu343ANKPQjX7o0FgpfzD6pBnFVy5Sx8bovmQWp"
     "sozuHkOu5fd1yFM19+vYUXSC11efwBSjDdj5T6nk7JWN7V+FG8ivFCz1nnZelplswO5SHHZstKtpPKRdt7YVWcC9AZ4DqJIH20WQdw/"
     "TS2k2uBSeAezcg== me@home two",
     "SHA256:yi6bC7pi9FeB9tEZbB8i7KmYqiCDaJYfveFED96TxjA"},
    {"ssh-rsa "
     "AAAAB3NzaC1yc2EAAAADAQABAAABAQChe53l+qxbCFc2Ayx+tvwERHGdO8RtRZHsAFUzvC2nEE8h6Or7JLPeBPn/ROr7r/"
     "UoyXhTFjml3eeqeCVMKcJaZEyVSp5goMmii7eTdVmohjKCyoudHxkdJX9karftIkxcTdU7fVFdRNDKgvgzPxT0bFdkpJtnFOd7NjBqgvYTcTWi6WD"
     "2UtNS7sOrgY1/vwTPRuNbI5OhNZ9grBezZ7uhxq37rAV8xd7HisdsDn+Tt/"
     "FX84buvvckNaFMJmGILQoIfo5ZX6TbaahB9Tbbxf2yRiH5hO1S8+es/J99RPfxHKahdUFw4OnF5u9X4OVat99+bg1DNXgGhzzJGap0hU5N "
     "me@home two",
     "SHA256:h7ivosL4Uc34RUYrDSO0sJSAmG3c5t13k5lt5N7CXhs"},
    {"sk-ssh-ed25519@openssh.com "
     "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo=",
     "SHA256:/p0CbeE3dk2SyW1OXXsThGc12ezDVD8eGw2/vtztDfk"},
};
const std::string k_weak_rsa =
    "ssh-rsa "
    "AAAAB3NzaC1yc2EAAAADAQABAAAAgQDDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8"
    "PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDww==";

std::string reason_of(const std::string& line) {
  const auto parsed = parse_public_key(line);
  const auto* bad = std::get_if<bad_key>(&parsed);
  return bad == nullptr ? "" : bad->reason;
}

}  // namespace

TEST_CASE("each type's key is taken, and has ssh-keygen's fingerprint") {
  for (const auto& [line, fingerprint] : k_known) {
    INFO(line);
    const auto parsed = parse_public_key(line);
    REQUIRE(std::holds_alternative<public_key>(parsed));
    const auto& key = std::get<public_key>(parsed);
    CHECK(key.fingerprint == fingerprint);
    CHECK(key.line() == line);
  }
}

TEST_CASE("what sshd would pass over is refused with a reason") {
  const std::string key = k_known[0].first;
  const auto blob = key.substr(12, 68);
  CHECK_THAT(reason_of(""), Contains("none of the key types that sshd accepts"));
  CHECK_THAT(reason_of("command=\"sh\" " + key), Contains("none of the key types that sshd accepts"));
  CHECK_THAT(reason_of("ssh-dss AAAAB3NzaC1kc3M="), Contains("none of the key types that sshd accepts"));
  CHECK_THAT(reason_of("-----BEGIN OPENSSH PRIVATE KEY-----"), Contains("private key"));
  CHECK_THAT(reason_of("ssh-ed25519"), Contains("damaged"));
  CHECK_THAT(reason_of("ssh-ed25519 " + blob.substr(0, 64)), Contains("damaged"));
  CHECK_THAT(reason_of("ssh-ed25519 " + blob + "AAAA"), Contains("damaged"));
  CHECK_THAT(reason_of("ssh-ed25519 !" + blob.substr(1)), Contains("damaged"));
  CHECK_THAT(reason_of("ssh-ed25519 =" + blob.substr(1)), Contains("damaged"));
  CHECK_THAT(reason_of("ssh-rsa " + blob), Contains("another type"));
  CHECK_THAT(reason_of(k_weak_rsa), Contains("2048"));
  CHECK_THAT(reason_of("ssh-ed25519 " + blob + " a\x1b[31mb"), Contains("control"));
  CHECK_THAT(reason_of("ssh-ed25519 " + blob + " a\nssh-ed25519 " + blob), Contains("control"));
}

TEST_CASE("lines that are no keys are kept, whatever is added or removed") {
  const auto key = std::get<public_key>(parse_public_key(k_known[0].first));
  const auto other = std::get<public_key>(parse_public_key(k_known[1].first));
  const std::string before = "# words\n\nfrom=\"10.0.0.1\" " + other.line();
  const auto with = add_key(before, key);
  CHECK(with == before + "\n" + key.line() + "\n");
  CHECK(add_key(with, key) == with);
  CHECK(remove_key(with, key.fingerprint) == before + "\n");
  CHECK(parse_keys(with).size() == 1);
}
