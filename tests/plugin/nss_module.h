// SPDX-License-Identifier: LGPL-2.1-or-later
// The NSS module under test, in two ways: its own entry points, and glibc's functions with this module as their only
// source.
#pragma once

#include "support/published.h"

#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <shadow.h>

#include <functional>
#include <string>
#include <vector>

namespace heberg::test {

struct nss_module {
  nss_status (*getpwnam_r)(const char*, passwd*, char*, size_t, int*);
  nss_status (*getpwuid_r)(uid_t, passwd*, char*, size_t, int*);
  nss_status (*setpwent)(int);
  nss_status (*getpwent_r)(passwd*, char*, size_t, int*);
  nss_status (*endpwent)();
  nss_status (*getgrnam_r)(const char*, group*, char*, size_t, int*);
  nss_status (*getgrgid_r)(gid_t, group*, char*, size_t, int*);
  nss_status (*setgrent)(int);
  nss_status (*getgrent_r)(group*, char*, size_t, int*);
  nss_status (*endgrent)();
  nss_status (*getspnam_r)(const char*, spwd*, char*, size_t, int*);
  nss_status (*setspent)(int);
  nss_status (*getspent_r)(spwd*, char*, size_t, int*);
  nss_status (*endspent)();
  nss_status (*initgroups_dyn)(const char*, gid_t, long*, long*, gid_t**, long, int*);
};

// Loads the module (with RTLD_NOW) and makes it glibc's only source for passwd, group, shadow and initgroups.
const nss_module& module_under_test();

// A temporary folder that is the current one, with the directory that the module reads.
class nss_fixture {
 public:
  explicit nss_fixture(std::uint32_t count = 3) : nss_fixture(make_accounts(count)) {}
  explicit nss_fixture(const std::vector<directory::account>& accounts);
  nss_fixture(const nss_fixture&) = delete;
  nss_fixture& operator=(const nss_fixture&) = delete;
  ~nss_fixture();

  bool publish(const std::vector<directory::account>& accounts) const {
    return directory::publish(folder, accounts, own());
  }
  void put(const std::string& path, std::string_view bytes) const;  // as the file, hostile or damaged as it may be

  const nss_module& module = module_under_test();
  const std::string folder = "directory";
  const std::string accounts_path = folder + "/accounts.cdb";
  const std::string shadow_path = folder + "/shadow.cdb";

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
  temp_dir dir_;
};

// What a lookup of the module's own said.
struct said {
  nss_status status;
  int error;  // 0 where the module did not set it
  bool operator==(const said&) const = default;
};
std::ostream& operator<<(std::ostream& out, const said& what);

inline constexpr said k_success{NSS_STATUS_SUCCESS, 0};
inline const said k_not_found{NSS_STATUS_NOTFOUND, ENOENT};
inline const said k_short{NSS_STATUS_TRYAGAIN, ERANGE};

inline said unavailable(int error) {
  return {NSS_STATUS_UNAVAIL, error};
}

// With a buffer that fits, and all fields compared to NULL.
said find_passwd(const char* name);
said find_passwd(uid_t uid);
said find_group(const char* name);
said find_group(gid_t gid);
said find_shadow(const char* name);
said find_groups(const char* name);
said next_passwd();

// Runs it in a child and says how it exited; -1: by a signal, or not within its time.
int exit_of_child(const std::function<int()>& body);

std::size_t count_descriptors();

}  // namespace heberg::test
