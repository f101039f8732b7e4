// SPDX-License-Identifier: LGPL-2.1-or-later
// What an archive says about itself (docs/formats.md, "The archive"): its head, which site it holds, and its manifest,
// what was packed. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::archive {

inline constexpr int k_version = 1;
inline constexpr char k_head_name[] = "heberg/site.json";
inline constexpr char k_manifest_name[] = "heberg/manifest";
inline constexpr char k_tree_name[] = "tree";
inline constexpr std::size_t k_head_max = 64 * 1024;  // bytes

struct head {
  std::string site;
  std::uint32_t uid = 0;
  bool is_locked = false;
  std::string lock_reason;
  std::string specification;                   // of its container, as hebergctl's label holds it; empty: none
  std::vector<std::string> certificates = {};  // the names of those that served it; they stay with the host
  bool operator==(const head&) const = default;
};

// A name that stays in its folder and on its line.
[[nodiscard]] bool is_certificate_name(std::string_view name) noexcept;

[[nodiscard]] std::string to_text(const head& about);
// nullopt: no such text, another version, a name or a UID that no site can have.
[[nodiscard]] std::optional<head> parse_head(std::string_view text);

struct fact {
  char kind = 'f';         // f file, d folder, l symbolic link, h hard link
  std::uint64_t size = 0;  // of a file
  std::string sum;         // SHA-256 in hex: of a file's content, of a link's target
  bool operator==(const fact&) const = default;
};
using manifest = std::map<std::string, fact, std::less<>>;  // by path

// What an archive may hold, for who packs one as for who reads one.
struct limits {
  std::uint64_t entries = 2'000'000;
  std::uint64_t bytes = 64ULL << 30U;   // of content, unpacked, holes too
  std::uint64_t names = 256ULL << 20U;  // bytes of all paths together: they are held in memory
};
inline constexpr limits k_no_limits{.entries = UINT64_MAX, .bytes = UINT64_MAX, .names = UINT64_MAX};

// Is told of content as it is gone through: so many bytes more, holes left out.
using counter = std::function<void(std::uint64_t bytes)>;

// Lines "KIND SIZE SUM PATH", sorted by path; "-" for a folder's sum.
[[nodiscard]] std::string to_text(const manifest& facts);
[[nodiscard]] std::optional<manifest> parse_manifest(std::string_view text);

}  // namespace heberg::archive
