// SPDX-License-Identifier: LGPL-2.1-or-later
// What hebergctl prints: pure, from ledger rows to text. Sorted as given; free of control characters, whatever a site's
// rows hold.
#pragma once

#include "ledger/ledger.h"

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::ctl {

// "active" (a container exists), "missing" (none, but not long enough yet), "retired"; ",locked" behind it.
[[nodiscard]] std::string name_state(const ledger::site& site);

// How the site's password login stands: "set", "off" (an empty file), "refused" (the log says why), "pending" (not
// judged yet).
[[nodiscard]] std::string_view name_password(const ledger::site& site);

// RFC 3339, UTC, whole seconds.
[[nodiscard]] std::string print_time(ledger::time time);
[[nodiscard]] std::string print_age(std::chrono::seconds age);  // "90 s", "5 min", "3 h", "12 days"

// Left-aligned columns with two spaces between them; and lines as they are, both free of control characters.
[[nodiscard]] std::string print_columns(std::span<const std::vector<std::string>> rows);
[[nodiscard]] std::string print_plain(std::string_view lines);

[[nodiscard]] std::string print_table(std::span<const ledger::site> sites);
[[nodiscard]] std::string print_site(const ledger::site& site, std::string_view sites_root);

// One JSON document and a newline: an array of objects, or one object. Never a hash.
[[nodiscard]] std::string print_json(std::span<const ledger::site> sites);
[[nodiscard]] std::string print_json(const ledger::site& site);

}  // namespace heberg::ctl
