// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/check/account_sources.h"

#include "directory/reader.h"

#include <pwd.h>

#include <fstream>

namespace heberg::ctl {
namespace {

// Whether getpwnam(3) asks libnss_heberg here.
bool nss_has_heberg() {
  std::ifstream file("/etc/nsswitch.conf");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("passwd:") && line.find("heberg") != line.npos) return true;
  }
  return false;
}

}  // namespace

account_sources::account_sources(const settings& settings)
    : accounts_(settings.state_dir + "/directory/accounts.cdb"),
      shadow_(settings.state_dir + "/directory/shadow.cdb"),
      asks_nss_(nss_has_heberg()) {}

account_answer account_sources::find_account(const std::string& name) const {
  directory::record_buffer buffer;
  directory::account_entry entry;
  switch (directory::find_account({accounts_.c_str(), 0, directory::file_kind::accounts}, name, buffer, entry)) {
    case directory::status::found:
      return {account_answer::present, entry.id, std::string(entry.home)};
    case directory::status::not_found:
      return {account_answer::absent};
    default:
      return {account_answer::unreadable};
  }
}

shadow_answer account_sources::find_shadow(const std::string& name) const {
  directory::record_buffer buffer;
  directory::shadow_entry entry;
  switch (directory::find_shadow({shadow_.c_str(), 0, directory::file_kind::shadow}, name, buffer, entry)) {
    case directory::status::found:
      break;
    case directory::status::not_found:
      return {shadow_answer::absent};
    default:
      return {shadow_answer::unreadable};
  }
  const bool is_locked = entry.hash.starts_with('!');
  return {shadow_answer::present, std::string(entry.hash.substr(is_locked ? 1 : 0)), is_locked};
}

account_answer account_sources::ask_nss(const std::string& name) const {
  if (!asks_nss_) return {account_answer::untried};
  passwd entry{};
  passwd* found = nullptr;
  char buffer[16 * 1024];
  if (::getpwnam_r(name.c_str(), &entry, buffer, sizeof buffer, &found) != 0) return {account_answer::unreadable};
  if (found == nullptr) return {account_answer::absent};
  return {account_answer::present, found->pw_uid, found->pw_dir};
}

}  // namespace heberg::ctl
