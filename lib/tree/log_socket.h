// SPDX-License-Identifier: LGPL-2.1-or-later
// The socket that is /dev/log in every site's SFTP session: internal-sftp writes to /dev/log inside its chroot. One
// datagram socket below the sites root; SITE/dev/log is a hard link to it, which reaches it across chroots and
// containers (a socket is found by its inode). The kernel adds the sender's IDs to each datagram (SO_PASSCRED).
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
  // Binds a new socket and replaces the old one, whose daemon has ended.
  // root: the open sites root, which root alone can write to. Throws std::system_error.
  explicit log_socket(int root);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  // True while the name below this root still leads to this socket.
  [[nodiscard]] bool is_in(int root) const;

  // Makes FOLDER/log a hard link to the socket. A file there that is not a socket stays. Returns what is wrong, as the
  // end of a sentence that begins with the path; or an empty text.
  [[nodiscard]] std::string link_into(int root, int folder) const;

  struct datagram {
    uid_t uid;
    pid_t process;
    std::string_view text;  // cut to 4096 bytes
  };
  // The datagrams that have arrived, in order, up to some number; does not wait. Skips those without credentials, which
  // cannot be forged.
  void receive(const std::function<void(const datagram&)>& take) const;

 private:
  unique_fd fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace heberg::tree
