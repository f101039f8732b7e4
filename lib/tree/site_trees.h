// SPDX-License-Identifier: LGPL-2.1-or-later
// The sites' trees. For a site NAME with UID N (and GID N), below the sites root:
//
//   NAME           root:N  0750   the session's chroot: root's, so that the site's user cannot rename its entries
//   NAME/www       N:N     2755   the document root, mounted into the container
//   NAME/logs      root:N  0750
//   NAME/.ssh      N:N     0700
//   NAME/.heberg   root:N  0750
//   NAME/dev       root:N  0755   contains log, the session's /dev/log (log_socket.h)
//
// A missing folder is made. An existing folder stays as it is, and a wrong owner or mode is reported. A folder counts
// as missing while it is root:root and empty: the engine made it for a mount, or an earlier pass was interrupted. (NAME
// itself: root:root, and nothing in it but such a www.) A new folder gets its mode first and its owner last, so that an
// interruption leaves exactly that state. A NAME that is right but for the mode 0751, as earlier versions made it, gets
// 0750. The site's user writes below www, root in a container wherever it is mounted:
// no link is followed here, and nothing outside the tree is touched.
#pragma once

#include "tree/log_socket.h"
#include "tree/owners.h"
#include "tree/sites_root.h"

#include <cstdint>
#include <string>
#include <vector>

namespace heberg::tree {

class site_trees {
 public:
  // root: the open sites root; path: its name in messages.
  site_trees(shared_fd root, std::string path, ownership& owners);

  // From now on each tree's dev/log is this socket, which is bound in the root.
  void use_log_socket(std::shared_ptr<const log_socket> socket) { log_socket_ = std::move(socket); }

  // Makes what is missing. Returns what is wrong, one sentence each; empty: nothing. name is a valid site name
  // (base/names.h).
  [[nodiscard]] std::vector<std::string> make(const std::string& name, std::uint32_t id);

  // The same, and corrects the owner and mode of the tree's own folders (not of their contents).
  [[nodiscard]] std::vector<std::string> repair(const std::string& name, std::uint32_t id);

  // The same as make(), but changes nothing: a missing folder is reported too.
  [[nodiscard]] std::vector<std::string> inspect(const std::string& name, std::uint32_t id) const;

  // Adds the trees that are not in `known` yet, and what is left of trees (site_of_leftover(), layout.h). A tree whose www is missing or still root's is read again each time: a
  // copy of it may be under way.
  void find_owners(site_owners& known) const;

 private:
  [[nodiscard]] std::string link_log_socket(const std::string& name) const;

  shared_fd root_;
  std::string path_;
  ownership& owners_;
  std::shared_ptr<const log_socket> log_socket_;
};

}  // namespace heberg::tree
