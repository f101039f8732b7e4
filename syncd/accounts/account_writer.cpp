// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/account_writer.h"

#include <exception>
#include <utility>

namespace heberg::syncd {

void account_writer::request() {
  publishing_.note_change(parts_.time.steady_now());
}

void account_writer::store(ledger::site row, urgency urgency) {
  if (urgency == urgency::at_once) {
    publishing_.note_change(parts_.time.steady_now());
  } else {
    publishing_.note_slow_change(parts_.time.steady_now());
  }
  parts_.sites.store(std::move(row));
}

bool account_writer::flush() {
  const bool saved = save();
  // Trees before the account is published: the chroot of an immediate login exists. (Of thousands, the others follow.)
  if (saved) parts_.trees.visit_some();
  const bool published = saved && publish();
  has_failed_ = !published;
  if (published) {
    publishing_.take_changes();
    publishing_.note_success(parts_.time.steady_now());
    has_published_ = true;
  } else {
    publishing_.note_failure(parts_.time.steady_now());
  }
  // Also where the directory still lists the accounts: less is open than before.
  if (saved) parts_.sessions.start(published);
  return published;
}

bool account_writer::save() {
  const auto rows = parts_.sites.unsaved();
  try {
    if (!rows.empty()) parts_.ledger.write_sites(rows);
  } catch (const std::exception& error) {
    parts_.log.report("ledger", level::error, "ledger",
                      std::string(error.what()) + "; nothing was changed, it is tried again");
    return false;
  }
  parts_.log.report("ledger", level::info, "ledger", "");
  parts_.sites.mark_saved();
  for (const auto& event : std::exchange(events_, {})) parts_.log.write(event.weight, event.site, event.text);
  for (const auto& name : std::exchange(new_sites_, {})) parts_.trees.add(name);
  return true;
}

std::vector<directory::account> account_writer::accounts() const {
  std::vector<directory::account> accounts;
  for (const auto& [name, row] : parts_.sites.rows()) {
    if (row.is_retired()) continue;
    accounts.push_back({.name = name,
                        .id = row.uid,
                        .gecos = row.gecos,
                        .home = settings_.sites.root + "/" + name,
                        .shell = settings_.accounts.shell,
                        .hash = row.hash,
                        .locked = row.is_locked()});
  }
  return accounts;
}

bool account_writer::publish() {
  try {
    parts_.directory.publish(accounts());
  } catch (const std::exception& error) {
    parts_.log.report("directory", level::error, "directory",
                      std::string(error.what()) + "; the old one stays, it is tried again");
    return false;
  }
  parts_.log.report("directory", level::info, "directory", "");
  return true;
}

}  // namespace heberg::syncd
