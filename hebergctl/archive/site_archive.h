// SPDX-License-Identifier: LGPL-2.1-or-later
// Shared by archive, restore, clone and others: packs a site into a file, writes a tree from one. A site is complete in
// at least one place at any time: a tree gets its name when it is complete. All functions throw.
#pragma once

#include "archive/pack.h"
#include "archive/unpack.h"
#include "base/unique_fd.h"
#include "hebergctl/command.h"
#include "hebergctl/container/container_spec.h"
#include "hebergctl/progress.h"
#include "ledger/ledger.h"
#include "program/settings.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace heberg::ctl {

[[nodiscard]] archive::head describe_site(const settings& settings, const ledger::site& row,
                                          const std::optional<present_container>& container);

// STATE_DIR/archives, for root alone. Created where it is missing.
[[nodiscard]] std::string archives_folder(const settings& settings);

// The limits of an archive, for packing as for restoring.
[[nodiscard]] archive::limits limits_of(const settings& settings);

// Packs a tree into an open, empty file, syncs it, reads it back and compares.
[[nodiscard]] archive::pack_result write_archive(const settings& settings, const archive::head& about, int tree,
                                                 int file, archive::compression how = archive::compression::zstd,
                                                 const archive::counter& count = {},
                                                 const std::optional<archive::account_ids>& readable_by = std::nullopt);

// The content of a tree in bytes, for the progress. 0 where none is shown.
[[nodiscard]] std::uint64_t measure(const progress& shown, int tree);

// A file without a name in archives_folder(): it is gone when it is closed, even if hebergctl is killed.
[[nodiscard]] unique_fd open_unnamed(const settings& settings);

// Packs the site into such a file, with its container paused.
struct unnamed_archive {
  unique_fd file;
  archive::contents known;
};
[[nodiscard]] unnamed_archive pack_unnamed(const settings& settings, const ledger::site& row,
                                           const std::optional<present_container>& container, int tree,
                                           archive::compression how, progress& shown);

// Throws where the site has no tree.
[[nodiscard]] unique_fd open_tree(int root, const std::string& site);

// The site's row in the ledger. A new one has the preferred UID if that is free. The alternative is hebergctl's exit
// code; the error was reported.
struct reservation {
  std::uint32_t uid = 0;
  bool is_new = false;
};
[[nodiscard]] std::variant<reservation, int> reserve(const command& given, const settings& settings,
                                                     const std::string& site, std::uint32_t preferred_uid);

// Removes a row that reserve() made. Waits for some seconds where the site has had a container.
void forget_row(const command& given, const std::string& site);

// Waits until heberg-syncd has noticed that the site's container is gone, or for a second where it has not noticed one:
// it would create a new tree where one was moved away.
void wait_until_missing(const settings& settings, const std::string& site);

[[nodiscard]] bool has_tree(int root, const std::string& site);

// Writes the site's tree from an archive that was validated, under tree::restored_name() until it is whole. Its own folders get their owners and modes. prepare: changes the tree (its open folder) before it gets
// its name.
void write_tree(int root, int file, const archive::contents& known, const std::string& site, std::uint32_t uid,
                const std::function<void(int folder)>& prepare = {}, const archive::counter& count = {});

// Removes the site's tree: at once for everyone else, as it loses its name first.
void remove_named_tree(int root, const std::string& site);

// Before a tree is moved away: throws `refused` where another container than the site's own uses it.
void check_no_other_users(const settings& settings, const std::string& site,
                          const std::optional<present_container>& container);

// Renames the tree to .SITE.archived: the name is free for a restore, and a mistake can be undone.
void move_to_archived(int root, const std::string& site);

}  // namespace heberg::ctl
