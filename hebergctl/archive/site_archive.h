// SPDX-License-Identifier: LGPL-2.1-or-later
// What archive, restore and clone have in common: a site into a file, a tree out of one. At every moment a site is
// whole in at least one place: a tree gets its name when it is whole. All throw.
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

// STATE_DIR/archives, made where it is missing; for root alone.
[[nodiscard]] std::string archives_folder(const settings& settings);

// What an archive may hold here: what cannot be restored is not packed either.
[[nodiscard]] archive::limits limits_of(const settings& settings);

// Packed into an open, empty file, synced, and read back against what was packed.
[[nodiscard]] archive::pack_result write_archive(const settings& settings, const archive::head& about, int tree,
                                                 int file, archive::compression how = archive::compression::zstd,
                                                 const archive::counter& told = {});

// The content of a tree, in bytes: what a counter will be told. 0 where nobody is to see it.
[[nodiscard]] std::uint64_t measure(const progress& shown, int tree);

// A file of no name in archives_folder(): whatever becomes of us, nothing of it is left.
[[nodiscard]] unique_fd open_unnamed(const settings& settings);

// The site packed into such a file, its container paused meanwhile.
struct unnamed_archive {
  unique_fd file;
  archive::contents known;
};
[[nodiscard]] unnamed_archive pack_unnamed(const settings& settings, const ledger::site& row,
                                           const std::optional<present_container>& container, int tree,
                                           archive::compression how, progress& shown);

// Throws where the site has no tree.
[[nodiscard]] unique_fd open_tree(int root, const std::string& site);

// The site's row, with this UID where that is nobody's; tells whether it is new. Else hebergctl's exit code, which was
// told.
struct reservation {
  std::uint32_t uid = 0;
  bool is_new = false;
};
[[nodiscard]] std::variant<reservation, int> reserve(const command& given, const settings& settings,
                                                     const std::string& site, std::uint32_t wished);

// Takes back a row that reserve() made. It may have had a container for a moment: that is waited for.
void forget_row(const command& given, const std::string& site);

// Until heberg-syncd has seen that the site's container is gone, or for a second where it has not seen one yet: it
// would make a new tree where one was taken away.
void wait_until_unclaimed(const settings& settings, const std::string& site);

[[nodiscard]] bool has_tree(int root, const std::string& site);

// The site's tree from an archive that was judged. prepare: changes the tree before it gets its name (its open folder).
// Beside the trees, until it is whole: the name under which write_tree() makes one.
[[nodiscard]] std::string beside_name(const std::string& site);
void write_tree(int root, int file, const archive::contents& known, const std::string& site, std::uint32_t uid,
                const std::function<void(int folder)>& prepare = {}, const archive::counter& told = {});
void remove_named_tree(int root, const std::string& site);

// Before a tree is moved out of the way: throws `refused` where other containers than the site's own use it.
void check_no_other_users(const settings& settings, const std::string& site,
                          const std::optional<present_container>& container);

// The tree out of the way, its files not yet gone: NAME is free for a restore, and a mistake can be mended.
void move_to_archived(int root, const std::string& site);

}  // namespace heberg::ctl
