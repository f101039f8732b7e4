// SPDX-License-Identifier: LGPL-2.1-or-later
// The socket that is /dev/log to every site's SFTP session: internal-sftp speaks to /dev/log inside its chroot. One
// datagram socket below the sites root; SITE/dev/log is a hard link to it, which reaches it across chroots and
// containers (a socket is found by its inode). The kernel says with each datagram who sent it (SO_PASSCRED).
#pragma once

#include "base/unique_fd.h"
#include "tree/layout.h"

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

namespace heberg::tree {

class log_socket {
 public:
  // Binds a new one in the place of what is there: the socket of a daemon that has ended answers nobody any more.
  // root: the open sites root, which root alone can write to. Throws std::system_error.
  explicit log_socket(int root);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // Whether the name below this root still leads to it.
  [[nodiscard]] bool is_in(int root) const;

  // FOLDER/log, a hard link to it, where it is not one yet. What is no socket is left alone. Returns what is wrong, or
  // nothing.
  [[nodiscard]] std::string link_into(int root, int folder) const;

  struct datagram {
    uid_t uid;
    pid_t process;
    std::string_view text;  // cut where it was very long
  };
  // What has come, up to some number of them, in order; does not wait. Forged or missing credentials do not get here.
  void receive(const std::function<void(const datagram&)>& take) const;

 private:
  unique_fd fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace heberg::tree
