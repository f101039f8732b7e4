// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan of an import. Pure. UIDs and hashes are kept. An account for which that is impossible is a conflict, and
// with one conflict nothing is imported.
#pragma once

#include "hebergctl/import/import_sources.h"
#include "ledger/ledger.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace heberg::ctl {

struct import_step {
  enum class what {
    make,     // a new site
    finish,   // a site that an interrupted import has begun
    present,  // it exists already
    conflict,
  };
  what kind = what::make;
  const old_account* from = nullptr;
  std::string reason;              // of a conflict
  std::vector<std::string> notes;  // differences from the old account
};

struct import_facts {
  std::span<const ledger::site> sites;  // of this host
  std::set<std::string> complete;       // those of them that have a password file
  std::set<std::string> trees;          // names that exist below the sites root
  std::uint32_t uid_min = 0;
  std::uint32_t uid_max = 0;
  bool copies = false;  // the homes' files are to be copied
};

// A step for each account, in their order. The accounts outlive it.
[[nodiscard]] std::vector<import_step> plan_import(std::span<const old_account> accounts, const import_facts& facts);

[[nodiscard]] std::size_t count_conflicts(std::span<const import_step> steps);

// "make", "finish", "present", "conflict".
[[nodiscard]] const char* name_of(import_step::what kind);

}  // namespace heberg::ctl
