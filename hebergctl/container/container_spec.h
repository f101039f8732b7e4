// SPDX-License-Identifier: LGPL-2.1-or-later
// The specification of a site's container, as a value and as the engine's JSON. Pure. The container has its
// specification as a label, so that it can be compared, archived and used again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::ctl {

inline constexpr char k_site_label[] = "heberg.site";
inline constexpr char k_specification_label[] = "heberg.specification";  // to_text()
inline constexpr char k_fingerprint_label[] = "heberg.fingerprint";

// What the administrator chooses.
struct specification {
  std::vector<std::string> hosts;  // the first is the site's address
  std::string image = "php:apache";
  std::uint64_t memory = 512ULL << 20U;       // bytes
  std::vector<std::string> environment = {};  // "NAME=VALUE"
  bool operator==(const specification&) const = default;
};

struct placed_site {
  std::string site;
  std::uint32_t uid = 0;
  std::string www;  // its path on the engine's host
  specification wanted;
  std::string gift_key = {};  // where the hosts are the sysadmin's own word (site/host_gift.h)
};

// Why it is invalid; empty: it is valid.
[[nodiscard]] std::string explain_specification(const specification& wanted);

// One line of JSON and back; nullopt: invalid.
[[nodiscard]] std::string to_text(const specification& wanted);
[[nodiscard]] std::optional<specification> parse_specification(std::string_view text);

// The body of POST /containers/create with its labels; and a hash that differs where two such bodies differ.
[[nodiscard]] std::string create_body(const placed_site& site);
[[nodiscard]] std::string fingerprint_of(const placed_site& site);

// The container that has the site's name, from GET /containers/NAME/json.
struct present_container {
  std::string id;
  bool runs = false;  // paused or not
  bool is_paused = false;
  bool is_ours = false;  // created by hebergctl for this site
  std::string fingerprint;
  std::optional<specification> wanted;
};
[[nodiscard]] std::optional<present_container> parse_present(std::string_view inspected, std::string_view site);

// From GET /containers/json: the names of the containers that mount that folder, or one below it, except the one with
// this id. Throws where the JSON is invalid.
[[nodiscard]] std::vector<std::string> find_users(std::string_view listed, std::string_view folder,
                                                  std::string_view id);

enum class step { nothing, start, make, replace, refuse };
[[nodiscard]] step plan(const placed_site& site, const std::optional<present_container>& present);

// Lines "- was" and "+ will be", for --dry-run.
[[nodiscard]] std::string print_difference(const specification& wanted, const std::optional<specification>& was);

// "512m", "1g", "300k" or bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace heberg::ctl
