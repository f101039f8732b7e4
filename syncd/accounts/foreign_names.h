// SPDX-License-Identifier: LGPL-2.1-or-later
// Does another source of names (files, LDAP, …) have a site's name or UID already? The NSS of the host that syncd runs
// on answers, through getpwnam(3) and its siblings. That host may have libnss_heberg itself: an answer that equals our
// own entry is ours.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace heberg::syncd {

struct name_entry {
  std::string name;
  std::uint32_t id = 0;
  std::string home;  // empty for a group
};

// The four queries. Each throws std::system_error where a source cannot answer.
class name_service {
 public:
  virtual ~name_service() = default;
  virtual std::optional<name_entry> find_user(const std::string& name) = 0;
  virtual std::optional<name_entry> find_user(std::uint32_t uid) = 0;
  virtual std::optional<name_entry> find_group(const std::string& name) = 0;
  virtual std::optional<name_entry> find_group(std::uint32_t gid) = 0;
};

// getpwnam(3) and its siblings. For thousands of queries in a row it lists all names once and answers from that list
// for a second, where the host's sources can be listed: libnss-systemd, which Debian's servers have, takes 0.5 ms a
// query.
class system_name_service final : public name_service {
 public:
  system_name_service();
  ~system_name_service() override;
  std::optional<name_entry> find_user(const std::string& name) override;
  std::optional<name_entry> find_user(std::uint32_t uid) override;
  std::optional<name_entry> find_group(const std::string& name) override;
  std::optional<name_entry> find_group(std::uint32_t gid) override;

 private:
  struct list;
  list* fresh_list();  // nullptr: query one by one

  std::unique_ptr<list> list_;
  int queries_ = 0;  // since begin_
  std::chrono::steady_clock::time_point begin_{};
};

// From the text of nsswitch.conf(5): do passwd and group come only from sources that list all that they know? (LDAP's
// often do not.)
[[nodiscard]] bool sources_can_be_listed(std::string_view nsswitch);

// Why the account `ours` cannot be made: another user or group has its name or its ID. Empty where none has. A source
// that cannot answer is a reason too: it may know the name.
[[nodiscard]] std::string explain_foreign(name_service& names, const name_entry& ours);

}  // namespace heberg::syncd
