// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/quota.h"

#include "base/atomic_file.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "base/list_folder.h"
#include "tree/layout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace heberg::tree {
namespace {

constexpr std::array<std::pair<char, unsigned>, 4> k_units = {{{'k', 10}, {'m', 20}, {'g', 30}, {'t', 40}}};
constexpr std::size_t k_depth_max = 200;          // open folders
constexpr std::size_t k_links_max = 1'000'000;    // files with several names, which are remembered
constexpr std::uint64_t k_between_looks = 1'000;  // entries between two looks at the clock

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  unsigned bits = 0;
  for (const auto& [unit, shift] : k_units) {
    if (text.ends_with(unit)) bits = shift;
  }
  if (bits != 0) text.remove_suffix(1);
  const auto number = parse_number(text);
  if (!number || *number > (std::numeric_limits<std::uint64_t>::max() >> bits)) return std::nullopt;
  return *number << bits;
}

class meter {
 public:
  explicit meter(std::chrono::milliseconds most) : end_(std::chrono::steady_clock::now() + most) {}

  // No recursion: the owner may have made it deeper than any stack.
  void add(int tree, const char* name) {
    struct stat top {};
    auto entries = list_folder(tree, name);
    if (entries == nullptr || ::fstat(::dirfd(entries.get()), &top) != 0) return;
    count(top);
    std::vector<dir_stream> way;
    way.push_back(std::move(entries));
    while (!way.empty() && !is_late()) {
      DIR* const here = way.back().get();
      const dirent* entry = ::readdir(here);
      if (entry == nullptr) {
        way.pop_back();
        continue;
      }
      const std::string_view shown = entry->d_name;
      struct stat status {};
      if (shown == "." || shown == ".." || ::fstatat(::dirfd(here), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        continue;
      if (status.st_dev != top.st_dev) continue;
      if (!count(status) || !S_ISDIR(status.st_mode)) continue;
      auto inner = way.size() < k_depth_max ? list_folder(::dirfd(here), entry->d_name) : nullptr;
      if (inner == nullptr) {
        use_.is_complete = false;
      } else {
        way.push_back(std::move(inner));
      }
    }
  }

  [[nodiscard]] const disk_use& use() const noexcept { return use_; }

 private:
  // False: it was counted under another name.
  bool count(const struct stat& status) {
    if (status.st_nlink > 1 && !S_ISDIR(status.st_mode)) {
      if (seen_.size() >= k_links_max) {
        use_.is_complete = false;
      } else if (!seen_.emplace(status.st_dev, status.st_ino).second) {
        return false;
      }
    }
    use_.bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    ++use_.files;
    return true;
  }

  bool is_late() {
    if (++looks_ % k_between_looks != 0 || std::chrono::steady_clock::now() < end_) return false;
    use_.is_complete = false;
    return true;
  }

  const std::chrono::steady_clock::time_point end_;
  disk_use use_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  std::uint64_t looks_ = 0;
};

unsigned share_of(std::uint64_t used, std::uint64_t most) {
  if (most == 0) return 0;
  return static_cast<unsigned>(std::min(100.0 * static_cast<double>(used) / static_cast<double>(most), 1e6));
}

}  // namespace

std::optional<quota> parse_quota(std::string_view text) {
  if (text == "none") return quota{};
  const auto comma = text.find(',');
  const auto bytes = parse_bytes(text.substr(0, comma));
  const auto files =
      comma == std::string_view::npos ? std::optional<std::uint64_t>(0) : parse_number(text.substr(comma + 1));
  if (!bytes || !files) return std::nullopt;
  return quota{*bytes, *files};
}

std::string print_quota(const quota& limit) {
  if (!limit.is_set()) return "none";
  return std::to_string(limit.bytes) + (limit.files == 0 ? "" : "," + std::to_string(limit.files));
}

std::string print_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> k_names = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto shown = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; shown >= 1024 && unit + 1 < k_names.size(); ++unit) shown /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", shown, k_names[unit]);
  return text;
}

disk_use measure_use(int root, const std::string& site, std::chrono::milliseconds most) {
  meter measured(most);
  const unique_fd tree = open_beneath(root, site.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!tree) return {.bytes = 0, .files = 0, .is_complete = false};
  for (const auto* folder : {k_www_folder, k_ssh_folder}) measured.add(tree.get(), folder);
  return measured.use();
}

std::optional<unsigned> used_share(const disk_use& use, const quota& limit) {
  if (!limit.is_set()) return std::nullopt;
  return std::max(share_of(use.bytes, limit.bytes), share_of(use.files, limit.files));
}

std::optional<quota> read_quota(int secrets, const ownership& owners) {
  const unique_fd handle = open_beneath(secrets, k_quota_file, O_PATH | O_NOFOLLOW);
  struct stat status {};
  if (!handle || ::fstat(handle.get(), &status) != 0 || !S_ISREG(status.st_mode) || owners.of(status).uid != 0 ||
      (status.st_mode & 022) != 0)
    return std::nullopt;
  const unique_fd file = reopen(handle.get(), O_RDONLY);
  char text[64];
  const auto size = file ? ::read(file.get(), text, sizeof text) : -1;
  if (size <= 0) return std::nullopt;
  const std::string_view line(text, static_cast<std::size_t>(size));
  return parse_quota(line.substr(0, line.find('\n')));
}

void store_quota(int secrets, const std::optional<quota>& limit) {
  if (!limit) {
    if (::unlinkat(secrets, k_quota_file, 0) != 0 && errno != ENOENT) throw_errno("remove", k_quota_file);
    return;
  }
  atomic_file file;
  int error = file.open(secrets, k_quota_file, 0644, ::geteuid(), ::getegid());
  if (error == 0) error = file.write(print_quota(*limit) + "\n");
  if (error == 0) error = file.commit();
  if (error != 0) throw_errno(error, "write", k_quota_file);
}

}  // namespace heberg::tree
