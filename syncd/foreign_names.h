// SPDX-License-Identifier: LGPL-2.1-or-later
// Does another source of names (files, LDAP, …) have a site's name or UID already? Asked of the NSS of the machine that
// syncd runs on, with getpwnam(3) and its siblings. That machine may have libnss_heberg itself: an answer equal to our
// own entry is ours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace heberg::syncd {

struct name_entry {
  std::string name;
  std::uint32_t id = 0;
  std::string home;  // empty for a group
};

// The four questions. Each throws std::system_error where a source cannot be asked.
class name_service {
 public:
  virtual ~name_service() = default;
  virtual std::optional<name_entry> find_user(const std::string& name) = 0;
  virtual std::optional<name_entry> find_user(std::uint32_t uid) = 0;
  virtual std::optional<name_entry> find_group(const std::string& name) = 0;
  virtual std::optional<name_entry> find_group(std::uint32_t gid) = 0;
};

class system_name_service final : public name_service {
 public:
  std::optional<name_entry> find_user(const std::string& name) override;
  std::optional<name_entry> find_user(std::uint32_t uid) override;
  std::optional<name_entry> find_group(const std::string& name) override;
  std::optional<name_entry> find_group(std::uint32_t gid) override;
};

// Why the account `ours` cannot be: who has its name or its id. Empty where nobody has. A source that cannot be asked
// is a reason too: it may know the name.
[[nodiscard]] std::string explain_foreign(name_service& names, const name_entry& ours);

}  // namespace heberg::syncd
