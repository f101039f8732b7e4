// SPDX-License-Identifier: LGPL-2.1-or-later
// Gathers what `hebergctl check` needs: ledger, account database, NSS, trees, containers, proxy, logs, certificates.
// Changes nothing, except trees with --fix. Throws where the ledger or the settings cannot be read.
#pragma once

#include "hebergctl/check/check.h"
#include "program/settings.h"

#include <optional>
#include <string>
#include <vector>

namespace heberg::ctl {

struct check_options {
  std::string site;                   // empty: all of them
  bool fix = false;                   // repair owners and modes of the trees' own folders
  std::optional<std::string> status;  // syncd's reply to "status", JSON; empty: there was none
};

struct facts {
  host_facts host;
  std::vector<site_facts> sites;
};

[[nodiscard]] facts gather_facts(const settings& settings, const check_options& options);

}  // namespace heberg::ctl
