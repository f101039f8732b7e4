// SPDX-License-Identifier: LGPL-2.1-or-later
// The head of an archive (which site it contains) and its manifest (what was packed): docs/formats.md, "The archive".
// Pure.
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
  std::string specification;                   // of its container, the text of hebergctl's label; empty: none
  std::vector<std::string> certificates = {};  // names only: the certificates belong to the host
  bool operator==(const head&) const = default;
};

// A file name without a slash, blank or control character.
[[nodiscard]] bool is_certificate_name(std::string_view name) noexcept;

[[nodiscard]] std::string to_text(const head& about);
// nullopt: invalid text, another version, an invalid site name or UID.
[[nodiscard]] std::optional<head> parse_head(std::string_view text);

struct fact {
  char kind = 'f';         // f file, d folder, l symbolic link, h hard link
  std::uint64_t size = 0;  // of a file
  std::string sum;         // SHA-256 in hex: of a file's content, of a link's target
  bool operator==(const fact&) const = default;
};
using manifest = std::map<std::string, fact, std::less<>>;  // by path

// An account as file modes see it, without further groups.
struct account_ids {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

// The limits of an archive, for packing and for reading.
struct limits {
  std::uint64_t entries = 2'000'000;
  std::uint64_t bytes = 64ULL << 30U;   // of content, unpacked, including holes
  std::uint64_t names = 256ULL << 20U;  // bytes of all paths together, which are kept in memory
  std::optional<account_ids> readable_by =
      std::nullopt;  // packing: what this account cannot read is left out; none: nothing
};
inline constexpr limits k_no_limits{.entries = UINT64_MAX, .bytes = UINT64_MAX, .names = UINT64_MAX};

// Called for content as it is read: so many bytes more, without holes.
using counter = std::function<void(std::uint64_t bytes)>;

// Lines "KIND SIZE SUM PATH", sorted by path; "-" for a folder's sum.
[[nodiscard]] std::string to_text(const manifest& facts);
[[nodiscard]] std::optional<manifest> parse_manifest(std::string_view text);

}  // namespace heberg::archive
