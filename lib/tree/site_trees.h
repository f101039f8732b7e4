// SPDX-License-Identifier: LGPL-2.1-or-later
// The sites' trees (docs/formats.md). For a site NAME with UID N (GID too), below the sites root:
//
//   NAME          root:N  0751   the session's chroot: root's, so that the owner of the site cannot rename what is in
//   it NAME/www      N:N     2755   the document root, mounted into the container NAME/logs     root:N  0750 NAME/.ssh
//   N:N     0700 NAME/.heberg  root:N  0750 NAME/dev      root:N  0755   holds log, the session's /dev/log
//   (log_socket.h)
//
// What is missing is made; what is there is left alone, and reported where owner or mode are wrong. A folder counts as
// missing while it is root:root and empty: the engine made it for a mount, or we were interrupted. (NAME itself:
// root:root, and nothing in it but such a www.) A new folder gets its mode first and its owner last, so that an
// interruption leaves exactly that mark. The owner writes below www, root in a container wherever it is mounted:
// nothing here follows a link or leaves the tree.
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
  // root: the open sites root; path: how messages call it.
  site_trees(shared_fd root, std::string path, ownership& owners);

  // From now on each tree's dev/log is this socket, which is bound in the root.
  void use_log_socket(std::shared_ptr<const log_socket> socket) { log_socket_ = std::move(socket); }

  // Makes what is missing. Returns what is wrong, one sentence each; empty: all is well. name is a site's name
  // (base/names.h).
  [[nodiscard]] std::vector<std::string> make(const std::string& name, std::uint32_t id);

  // The same, and sets owners and modes right of what is there (of the tree's own folders, not of what is in them).
  [[nodiscard]] std::vector<std::string> mend(const std::string& name, std::uint32_t id);

  // The same as make(), but makes nothing: what is missing is reported too.
  [[nodiscard]] std::vector<std::string> inspect(const std::string& name, std::uint32_t id) const;

  // Adds the trees that are not in `known` yet. One whose www is missing or still root's is looked at each time: it may
  // just be copied here.
  void find_owners(site_owners& known) const;

 private:
  [[nodiscard]] std::string link_log_socket(const std::string& name) const;

  shared_fd root_;
  std::string path_;
  ownership& owners_;
  std::shared_ptr<const log_socket> log_socket_;
};

}  // namespace heberg::tree
