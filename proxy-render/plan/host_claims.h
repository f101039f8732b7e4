// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether an owner may take a host name that nobody has. Pure. Rules, for the names of other owners on record, whether
// their containers run or not:
//   A name that another owner's wildcard or regular expression matches is that owner's.
//   A wildcard or an expression that matches another owner's name, and a wildcard that takes requests from another
//   owner's pattern, are refused.
//   A pattern for names of everybody (site::is_catch_all) is refused.
// What the sysadmin gives (plan_options::host_owners, site/host_gift.h) is not asked about here.
#pragma once

#include "proxy-render/plan/memory.h"
#include "site/host_patterns.h"

#include <map>
#include <string>

namespace heberg::proxy {

class host_claims {
 public:
  // Empty: the owner may take it. Else it continues a sentence: www.shop.test …
  [[nodiscard]] std::string explain(const memory& memory, const site::host& host, const std::string& owner);

 private:
  using record = std::pair<const site::host, host_ownership>;
  [[nodiscard]] const record* find_cover(const memory& memory, const std::string& name, const std::string& owner);
  [[nodiscard]] const record* find_covered(const memory& memory, const site::host& pattern, const std::string& owner);
  [[nodiscard]] const site::host_regex& compiled(const std::string& text);

  std::map<std::string, site::host_regex> regexes_;
};

}  // namespace heberg::proxy
