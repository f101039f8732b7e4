// SPDX-License-Identifier: LGPL-2.1-or-later
#include "options.h"

#include "base/text.h"
#include "session_slots.h"

#include <security/pam_ext.h>

#include <syslog.h>

#include <cstring>
#include <string_view>

namespace heberg::pam {
namespace {

constexpr std::string_view k_directory = "directory=";
constexpr std::string_view k_sessions = "sessions=";
constexpr std::string_view k_sessions_file = "sessions_file=";
constexpr std::string_view k_accounts_file = "/accounts.cdb";
constexpr std::string_view k_shadow_file = "/shadow.cdb";

constexpr unsigned k_sessions_default = 20;

bool is_for_libpam(std::string_view option) {
  return option == "use_first_pass" || option == "try_first_pass";
}

// 0 where the text is no number from 1 to k_slots_max.
unsigned parse_sessions(std::string_view text) noexcept {
  unsigned number = 0;
  if (text.size() > 2) return 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number <= k_slots_max ? number : 0;
}

void join(char* to, std::string_view folder, std::string_view file) noexcept {
  std::memcpy(to, folder.data(), folder.size());
  std::memcpy(to + folder.size(), file.data(), file.size());
  to[folder.size() + file.size()] = '\0';
}

}  // namespace

options::options(pam_handle_t* pamh, int argc, const char** argv) noexcept {
  (void)use_folder(HEBERG_DIRECTORY);
  for (int i = 0; i < argc; ++i) {
    const std::string_view option(argv[i]);
    if (option == "debug") {
      debug_ = true;
    } else if (option == "quiet") {
      quiet_ = true;
    } else if (has_prefix(option, k_directory)) {
      if (!use_folder(argv[i] + k_directory.size()))
        ::pam_syslog(pamh, LOG_ERR,
                     "invalid option %s: ignored, use directory=PATH with an absolute path of at most 480 bytes",
                     argv[i]);
    } else if (has_prefix(option, k_sessions)) {
      // A typing error does not take the limit away.
      const unsigned wanted = parse_sessions(slice(option, k_sessions.size()));
      sessions_ = wanted != 0 ? wanted : k_sessions_default;
      if (wanted == 0)
        ::pam_syslog(pamh, LOG_ERR, "invalid option %s: %u is used, use sessions=N with N from 1 to %u", argv[i],
                     k_sessions_default, k_slots_max);
    } else if (has_prefix(option, k_sessions_file)) {
      if (argv[i][k_sessions_file.size()] == '/') {
        sessions_file_ = argv[i] + k_sessions_file.size();
      } else {
        ::pam_syslog(pamh, LOG_ERR, "invalid option %s: ignored, use sessions_file=PATH with an absolute path",
                     argv[i]);
      }
    } else if (!is_for_libpam(option)) {
      ::pam_syslog(pamh, LOG_ERR, "unknown option %s: ignored, see pam_heberg(8)", argv[i]);
    }
  }
}

bool options::use_folder(const char* path) noexcept {
  const std::string_view folder(path);
  if (!folder.starts_with('/') || folder.size() + k_accounts_file.size() >= sizeof accounts_) return false;
  join(accounts_, folder, k_accounts_file);
  join(shadow_, folder, k_shadow_file);
  return true;
}

directory::source options::accounts() const noexcept {
  return {accounts_, HEBERG_TRUSTED_OWNER, directory::file_kind::accounts};
}

directory::source options::shadow() const noexcept {
  return {shadow_, HEBERG_TRUSTED_OWNER, directory::file_kind::shadow};
}

}  // namespace heberg::pam
