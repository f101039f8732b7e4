// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/host_claims.h"

#include <ranges>

namespace heberg::proxy {
namespace {

constexpr char k_remedy[] = ": only the sysadmin can give it away (proxy.host_owners)";
constexpr std::size_t k_regexes_max = 10'000;  // compiled ones that are kept

std::string owned(const std::pair<const site::host, host_ownership>& record) {
  return site::printable(record.first.text) + ", which belongs to " + site::printable(record.second.owner);
}

}  // namespace

const site::host_regex& host_claims::compiled(const std::string& text) {
  if (const auto known = regexes_.find(text); known != regexes_.end()) return known->second;
  if (regexes_.size() >= k_regexes_max) regexes_.clear();
  return regexes_.emplace(text, site::host_regex(text)).first->second;
}

const host_claims::record* host_claims::find_cover(const memory& memory, const std::string& name,
                                                   const std::string& owner) {
  const auto find_other = [&](const site::host& pattern) -> const record* {
    const auto found = memory.names.find(pattern);
    return found == memory.names.end() || found->second.owner == owner ? nullptr : &*found;
  };
  for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    if (const auto* one = find_other({site::host_kind::leading_wildcard, "*" + name.substr(dot)}); one != nullptr)
      return one;
    if (const auto* one = find_other({site::host_kind::trailing_wildcard, name.substr(0, dot) + ".*"}); one != nullptr)
      return one;
  }
  for (auto at = memory.names.lower_bound({site::host_kind::regex, ""}); at != memory.names.end(); ++at) {
    if (at->second.owner != owner && compiled(at->first.text).matches(name)) return &*at;
  }
  return nullptr;
}

const host_claims::record* host_claims::find_covered(const memory& memory, const site::host& pattern,
                                                     const std::string& owner) {
  const bool is_regex = pattern.kind == site::host_kind::regex;
  for (const auto& one : memory.names) {
    const auto& other = one.first;
    if (one.second.owner == owner) continue;
    if (other.kind == site::host_kind::name || other.kind == site::host_kind::ipv6) {
      if (is_regex ? compiled(pattern.text).matches(other.text) : site::wildcard_matches(pattern, other.text))
        return &one;
    } else if (!is_regex && site::wildcard_takes_from(pattern, other)) {
      return &one;
    }
  }
  return nullptr;
}

std::string host_claims::explain(const memory& memory, const site::host& host, const std::string& owner) {
  if (host.kind == site::host_kind::name || host.kind == site::host_kind::ipv6) {
    const auto* cover = find_cover(memory, host.text, owner);
    return cover == nullptr ? std::string() : "is a name of " + owned(*cover) + k_remedy;
  }
  if (site::is_catch_all(host)) return std::string("is for names of everybody") + k_remedy;
  const auto* covered = find_covered(memory, host, owner);
  return covered == nullptr ? std::string() : "has names in common with " + owned(*covered) + k_remedy;
}

}  // namespace heberg::proxy
