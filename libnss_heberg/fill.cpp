// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fill.h"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace heberg::nss {
namespace {

// Puts strings one behind the other into a buffer that is known to be large enough.
class string_writer {
 public:
  explicit string_writer(char* to) noexcept : next_(to) {}
  char* put(std::string_view text) noexcept {
    char* begin = next_;
    std::memcpy(begin, text.data(), text.size());
    begin[text.size()] = '\0';
    next_ += text.size() + 1;
    return begin;
  }

 private:
  char* next_;
};

constexpr std::string_view k_no_password = "x";  // passwd(5): look into the shadow file

}  // namespace

bool fill(const directory::account_entry& entry, passwd& out, char* buffer, std::size_t size) noexcept {
  const std::size_t needed =
      entry.name.size() + k_no_password.size() + entry.gecos.size() + entry.home.size() + entry.shell.size() + 5;
  if (size < needed) return false;
  string_writer strings(buffer);
  out.pw_name = strings.put(entry.name);
  out.pw_passwd = strings.put(k_no_password);
  out.pw_uid = entry.id;
  out.pw_gid = entry.id;
  out.pw_gecos = strings.put(entry.gecos);
  out.pw_dir = strings.put(entry.home);
  out.pw_shell = strings.put(entry.shell);
  return true;
}

bool fill(const directory::account_entry& entry, group& out, char* buffer, std::size_t size) noexcept {
  // The list of members, empty: one NULL pointer, aligned, before the strings. The site itself is in by its passwd
  // entry.
  const std::size_t padding = -reinterpret_cast<std::uintptr_t>(buffer) % alignof(char*);
  const std::size_t needed = padding + sizeof(char*) + entry.name.size() + k_no_password.size() + 2;
  if (size < needed) return false;
  auto* members = reinterpret_cast<char**>(buffer + padding);
  members[0] = nullptr;
  string_writer strings(buffer + padding + sizeof(char*));
  out.gr_name = strings.put(entry.name);
  out.gr_passwd = strings.put(k_no_password);
  out.gr_gid = entry.id;
  out.gr_mem = members;
  return true;
}

bool fill(const directory::shadow_entry& entry, spwd& out, char* buffer, std::size_t size) noexcept {
  if (size < entry.name.size() + entry.hash.size() + 2) return false;
  string_writer strings(buffer);
  out.sp_namp = strings.put(entry.name);
  out.sp_pwdp = strings.put(entry.hash);
  out.sp_lstchg = out.sp_min = out.sp_max = out.sp_warn = out.sp_inact = -1;  // shadow(5): the field is empty
  out.sp_expire = entry.expire;
  out.sp_flag = ~0UL;
  return true;
}

}  // namespace heberg::nss
