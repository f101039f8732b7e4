// SPDX-License-Identifier: LGPL-2.1-or-later
// A published directory in a temporary folder, owned by whoever runs the test.
#pragma once

#include "directory/cursor.h"
#include "directory/image.h"
#include "directory/open_file.h"
#include "directory/writer.h"
#include "support/temp_dir.h"

#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

namespace heberg::test {

inline directory::account make_account(const std::string& name, std::uint32_t id) {
  directory::account out;
  out.name = name;
  out.id = id;
  out.gecos = name + ".example.org";
  out.home = "/sites/" + name;
  out.shell = "/usr/sbin/nologin";
  out.hash = "$y$j9T$" + name + "$hash";
  return out;
}

// site_1 … site_N with the ids 20000 …
inline std::vector<directory::account> make_accounts(std::uint32_t count) {
  std::vector<directory::account> out;
  for (std::uint32_t i = 0; i < count; ++i) out.push_back(make_account("site_" + std::to_string(i + 1), 20000 + i));
  return out;
}

inline directory::owners own() {
  return {::geteuid(), ::getegid(), ::getegid()};
}

class published {
 public:
  explicit published(const std::vector<directory::account>& accounts) { publish(accounts); }
  explicit published(std::uint32_t count) : published(make_accounts(count)) {}

  bool publish(const std::vector<directory::account>& accounts) const {
    return directory::publish(folder(), accounts, own());
  }

  // Puts bytes in a file's place, as hostile or damaged as they may be, with the mode a reader wants.
  void put(const std::string& path, std::string_view bytes) const {
    write_file(path, bytes);
    std::filesystem::permissions(path, std::filesystem::perms(0644));
  }

  [[nodiscard]] std::string folder() const { return dir_.path().string(); }
  [[nodiscard]] const std::string& accounts_path() const { return accounts_path_; }
  [[nodiscard]] const std::string& shadow_path() const { return shadow_path_; }
  [[nodiscard]] directory::source accounts() const {
    return {accounts_path_.c_str(), ::geteuid(), directory::file_kind::accounts};
  }
  [[nodiscard]] directory::source shadow() const {
    return {shadow_path_.c_str(), ::geteuid(), directory::file_kind::shadow};
  }

 private:
  temp_dir dir_;
  std::string accounts_path_ = (dir_.path() / directory::k_accounts_file).string();
  std::string shadow_path_ = (dir_.path() / directory::k_shadow_file).string();
};

// The modules' cursors are static and end with endpwent(3); one in a test ends with the test.
struct scoped_cursor : directory::cursor {
  scoped_cursor() : cursor{} {}
  scoped_cursor(const scoped_cursor&) = delete;
  scoped_cursor& operator=(const scoped_cursor&) = delete;
  ~scoped_cursor() { reset(); }
};

// A row of accounts.cdb whose line is given: sealed and indexed as the writer would, however hostile.
inline directory::row hostile_row(const std::string& name, std::uint32_t id, const std::string& line) {
  return {"n:" + name, "u:" + std::to_string(id), line};
}

}  // namespace heberg::test
