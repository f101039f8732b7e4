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

status find_line(const source& from, const key& key, record_buffer& buffer, std::string_view& line) noexcept {
  open_file file;
  if (const status opened = file.open(from); opened != status::found) return opened;
  record found;
  const status result = find_record(file, key.view(), buffer, found);
  if (result == status::found) line = found.line;
  return result;
}

}  // namespace

status find_account(const source& accounts, std::string_view name, record_buffer& buffer, account_entry& out) noexcept {
  if (!is_site_name(name)) return status::not_found;
  std::string_view line;
  if (const status result = find_line(accounts, key(name), buffer, line); result != status::found) return result;
  return parse_account(line, out) && out.name == name ? status::found : status::damaged;
}

status find_account(const source& accounts, std::uint32_t id, record_buffer& buffer, account_entry& out) noexcept {
  if (!is_site_id(id)) return status::not_found;
  std::string_view line;
  if (const status result = find_line(accounts, key(id), buffer, line); result != status::found) return result;
  return parse_account(line, out) && out.id == id ? status::found : status::damaged;
}

status find_shadow(const source& shadow, std::string_view name, record_buffer& buffer, shadow_entry& out) noexcept {
  if (!is_site_name(name)) return status::not_found;
  std::string_view line;
  if (const status result = find_line(shadow, key(name), buffer, line); result != status::found) return result;
  return parse_shadow(line, out) && out.name == name ? status::found : status::damaged;
}

}  // namespace heberg::directory
