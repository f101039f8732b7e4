// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/host_gift.h"

#include "base/hex.h"
#include "digest/sha256.h"
#include "site/values.h"
#include "site/variables/variables.h"

#include <variant>

namespace heberg::site {
namespace {

// "20001:20001" -> 20001, as hebergctl create runs a site.
std::optional<std::uint32_t> uid_of(std::string_view user) {
  const auto colon = user.find(':');
  if (colon == std::string_view::npos || user.substr(0, colon) != user.substr(colon + 1)) return std::nullopt;
  const auto number = parse_number(user.substr(0, colon), 1, UINT32_MAX);
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

std::string sign_gift(std::string_view key, std::string_view site, std::uint32_t uid, std::string_view virtual_host) {
  std::string text = "heberg gift 1\n";
  text.append(site).append("\n").append(std::to_string(uid)).append("\n").append(virtual_host);
  return to_hex(hmac_sha256(key, text));
}

std::vector<host> given_hosts(std::string_view key, std::string_view site, const docker::container& container) {
  const auto* label = docker::find_label(container, k_gift_label);
  const auto* value = find_value(container, "VIRTUAL_HOST");
  const auto uid = uid_of(container.user);
  if (key.size() != k_gift_key_size || label == nullptr || value == nullptr || !uid) return {};
  if (!equal_in_constant_time(*label, sign_gift(key, site, *uid, *value))) return {};
  auto hosts = virtual_hosts(container);
  auto* list = std::get_if<std::vector<host>>(&hosts);
  return list == nullptr ? std::vector<host>() : std::move(*list);
}

}  // namespace heberg::site
