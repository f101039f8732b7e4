// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the accounts of an old host from its files. The input is not trusted: a faulty line becomes an account with a
// fault, and the others are read. Pure, except for the SQLite file.
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

  std::string where;  // "line 3", for messages
  std::string name;
  std::optional<std::uint32_t> uid;  // none: it gets a new one
  std::optional<std::uint32_t> gid;
  login kind = login::none;
  tree::secret line;  // the password, or its crypt(5) hash
  bool is_locked = false;
  std::string home;   // may be empty
  std::string fault;  // why it cannot be imported; contains no part of a password
};

// passwd(5), with the text of shadow(5) if the hashes are there. System accounts (UID below 1000, nobody) are skipped.
[[nodiscard]] std::vector<old_account> parse_passwd(std::string_view passwd, std::string_view shadow);

// users.conf of the image atmoz/sftp: USER:PASS[:e][:UID[:GID[:DIR,…]]]
[[nodiscard]] std::vector<old_account> parse_users_conf(std::string_view text);

// The rows of a query. Columns, by name: name, and optionally uid, gid, hash or password, locked, home. The file is
// opened read-only, and not trusted: its schema calls no function that has an effect, and a query that costs too much
// ends. Throws sqlite::error, or std::runtime_error for a query without the column name.
[[nodiscard]] std::vector<old_account> query_accounts(const std::string& file, const std::string& query);

}  // namespace heberg::ctl
