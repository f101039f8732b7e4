// SPDX-License-Identifier: LGPL-2.1-or-later
// Ledger rows as text and JSON. Pure. In the order given, and free of control characters.
#pragma once

#include "ledger/ledger.h"

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::ctl {

// "active" (a container exists), "missing" (it has just gone) or "retired"; with ",locked" appended.
[[nodiscard]] std::string name_state(const ledger::site& site);

// The state of the site's password:
//   "set"
//   "off"      an empty file
//   "refused"  syncd's log has the reason
//   "pending"  syncd has not read it yet
[[nodiscard]] std::string_view name_password(const ledger::site& site);

// RFC 3339, UTC, whole seconds.
[[nodiscard]] std::string print_time(ledger::time time);
[[nodiscard]] std::string print_age(std::chrono::seconds age);  // "90 s", "5 min", "3 h", "12 days"

// Left-aligned columns with two spaces between them; and lines unchanged; both without control characters.
[[nodiscard]] std::string print_columns(std::span<const std::vector<std::string>> rows);
[[nodiscard]] std::string print_plain(std::string_view lines);

[[nodiscard]] std::string print_table(std::span<const ledger::site> sites);
[[nodiscard]] std::string print_site(const ledger::site& site, std::string_view sites_root);

// One JSON document and a newline: an array of objects, or one object. Never a hash.
[[nodiscard]] std::string print_json(std::span<const ledger::site> sites);
[[nodiscard]] std::string print_json(const ledger::site& site);

}  // namespace heberg::ctl
