// SPDX-License-Identifier: LGPL-2.1-or-later
// What accounts.cdb, shadow.cdb and this host's NSS say of a site's account.
#pragma once

#include "hebergctl/check/check.h"
#include "program/settings.h"

#include <string>

namespace heberg::ctl {

class account_sources {
 public:
  explicit account_sources(const settings& settings);

  [[nodiscard]] account_answer find_account(const std::string& name) const;
  [[nodiscard]] shadow_answer find_shadow(const std::string& name) const;

  // Untried where nsswitch.conf does not name heberg.
  [[nodiscard]] account_answer ask_nss(const std::string& name) const;

 private:
  const std::string accounts_;
  const std::string shadow_;
  const bool asks_nss_;
};

}  // namespace heberg::ctl
