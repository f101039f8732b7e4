// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks at the machine for `hebergctl check`: ledger, directory, this machine's NSS, trees, engine, proxy,
// certificates. Changes nothing, but for trees where it is told to mend them. Throws where the ledger or the settings
// cannot be read.
#pragma once

#include "hebergctl/check/check.h"
#include "program/settings.h"

#include <optional>
#include <string>
#include <vector>

namespace heberg::ctl {

struct check_options {
  std::string site;                   // empty: all of them
  bool fix = false;                   // owners and modes of the trees' own folders are set right
  std::optional<std::string> status;  // syncd's answer to "status", JSON; empty: it gave none
};

struct facts {
  host_facts host;
  std::vector<site_facts> sites;
};

[[nodiscard]] facts gather_facts(const settings& settings, const check_options& options);

}  // namespace heberg::ctl
