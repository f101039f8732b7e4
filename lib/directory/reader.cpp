// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/reader.h"

#include <charconv>
#include <cstring>

namespace heberg::directory {
namespace {

// A key on the stack: "n:site_1", "u:20000".
class key {
 public:
  explicit key(std::string_view name) noexcept { append(k_name_prefix), append(name); }
  explicit key(std::uint32_t id) noexcept {
    append(k_id_prefix);
    const auto written = std::to_chars(text_ + size_, text_ + sizeof text_, id);
    size_ = static_cast<std::size_t>(written.ptr - text_);
  }
  [[nodiscard]] std::string_view view() const noexcept { return {text_, size_}; }

 private:
  void append(std::string_view part) noexcept {
    std::memcpy(text_ + size_, part.data(), part.size());
    size_ += part.size();
  }
  char text_[k_key_max];
  std::size_t size_ = 0;
};

bool parse(std::string_view line, account_entry& out) noexcept {
  return parse_account(line, out);
}
bool parse(std::string_view line, shadow_entry& out) noexcept {
  return parse_shadow(line, out);
}

// The first record with this hash whose entry is the one sought; two keys may have the same hash.
template <typename entry_type, typename predicate>
status find_entry(const source& from, const key& key, record_buffer& buffer, entry_type& out,
                  predicate is_wanted) noexcept {
  open_file file;
  if (const status opened = file.open(from); opened != status::found) return opened;
  candidates all(file, hash_of(key.view()));
  record candidate;
  entry_type entry;
  for (;;) {
    if (const status result = all.next(buffer, candidate); result != status::found) return result;
    if (!parse(candidate.line, entry) || entry.name != name_in(candidate.key)) return status::damaged;
    if (!is_wanted(entry)) continue;
    out = entry;
    return status::found;
  }
}

}  // namespace

status find_account(const source& accounts, std::string_view name, record_buffer& buffer, account_entry& out) noexcept {
  if (!is_site_name(name)) return status::not_found;
  return find_entry(accounts, key(name), buffer, out, [&](const account_entry& entry) { return entry.name == name; });
}

status find_account(const source& accounts, std::uint32_t id, record_buffer& buffer, account_entry& out) noexcept {
  if (!is_site_id(id)) return status::not_found;
  return find_entry(accounts, key(id), buffer, out, [&](const account_entry& entry) { return entry.id == id; });
}

status find_shadow(const source& shadow, std::string_view name, record_buffer& buffer, shadow_entry& out) noexcept {
  if (!is_site_name(name)) return status::not_found;
  return find_entry(shadow, key(name), buffer, out, [&](const shadow_entry& entry) { return entry.name == name; });
}

}  // namespace heberg::directory
