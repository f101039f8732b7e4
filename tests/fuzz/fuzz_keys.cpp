// SPDX-License-Identifier: LGPL-2.1-or-later
// The first line is a public key as somebody pastes it, the rest a file of keys as its owner left it. A key that is
// accepted survives being written and read, alone and in any file; adding it twice is adding it once; removing it takes
// it away and nothing else.
#include "base/characters.h"
#include "digest/base64.h"
#include "tree/keys.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace heberg;
using tree::public_key;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_same(const public_key& a, const public_key& b) {
  return a.type == b.type && a.base64 == b.base64 && a.comment == b.comment && a.fingerprint == b.fingerprint;
}

bool are_same(const std::vector<public_key>& a, const std::vector<public_key>& b) {
  return std::ranges::equal(a, b, is_same);
}

bool holds(const std::vector<public_key>& keys, const std::string& fingerprint) {
  return std::ranges::find(keys, fingerprint, &public_key::fingerprint) != keys.end();
}

void check_key(const public_key& key) {
  const auto line = key.line();
  require(!line.empty() && std::ranges::none_of(line, is_control));  // one line, in the file and on a terminal
  const auto again = tree::parse_public_key(line);
  require(std::holds_alternative<public_key>(again) && is_same(std::get<public_key>(again), key));
  require(key.fingerprint.size() == 50 && key.fingerprint.starts_with("SHA256:"));
  const auto blob = decode_base64(key.base64);
  require(blob && blob->find(key.type) == 4 && blob->size() < 16 * 1024);
}

void check_change(std::string_view text, const public_key& key) {
  const auto before = tree::parse_keys(text);
  const auto added = tree::add_key(text, key);
  require(added.starts_with(text) && holds(tree::parse_keys(added), key.fingerprint));
  require(tree::add_key(added, key) == added);
  auto expected = before;
  if (!holds(before, key.fingerprint)) expected.push_back(key);
  require(are_same(tree::parse_keys(added), expected));
  const auto removed = tree::remove_key(added, key.fingerprint);
  require(tree::remove_key(removed, key.fingerprint) == removed);
  std::erase_if(expected, [&](const public_key& known) { return known.fingerprint == key.fingerprint; });
  require(are_same(tree::parse_keys(removed), expected));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > tree::k_keys_file_max) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.substr(0, text.find('\n'));
  const auto parsed = tree::parse_public_key(line);
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  for (const auto& key : tree::parse_keys(text)) {
    check_key(key);
    check_change(text, key);
  }
  if (const auto* bad = std::get_if<tree::bad_key>(&parsed)) {
    require(!bad->reason.empty() && std::ranges::none_of(bad->reason, is_control));
    return 0;
  }
  check_key(std::get<public_key>(parsed));
  check_change(text, std::get<public_key>(parsed));
  return 0;
}
