// SPDX-License-Identifier: LGPL-2.1-or-later
// The accounts of an ageing host, as its own files say them. Everything read is somebody's text: what is wrong with a
// line is said of it, and the others are read. Pure, but for the SQLite file.
#pragma once

#include "tree/secret.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::ctl {

struct old_account {
  enum class login { none, password, hash };

  std::string where;  // "line 3", for complaints
  std::string name;
  std::optional<std::uint32_t> uid;  // none: it is to get one
  std::optional<std::uint32_t> gid;
  login kind = login::none;
  tree::secret line;  // the password, or its crypt(5) hash
  bool is_locked = false;
  std::string home;   // may be empty
  std::string fault;  // why it cannot be taken over; no part of a password
};

// passwd(5), with shadow(5)'s text where the passwords are there. System's own accounts (UID below 1000, nobody) are
// passed over.
[[nodiscard]] std::vector<old_account> parse_passwd(std::string_view passwd, std::string_view shadow);

// users.conf of the image atmoz/sftp: USER:PASS[:e][:UID[:GID[:DIR,…]]]
[[nodiscard]] std::vector<old_account> parse_users_conf(std::string_view text);

// The rows of a query, its columns by their names: name, and uid, gid, hash or password, locked, home where it has
// them. The file is only read. Throws sqlite::error, or std::runtime_error for a query without a name.
[[nodiscard]] std::vector<old_account> query_accounts(const std::string& file, const std::string& query);

}  // namespace heberg::ctl
