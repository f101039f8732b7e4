// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that is written where the administrator says, and that nobody else can read, change or replace while it is
// written: it has a site's password in it. It is a new file, FILE.part, in a folder that only root (or the caller)
// controls, and gets its name when it is whole.
#pragma once

#include "base/unique_fd.h"

#include <string>

namespace heberg::ctl {

class output_file {
 public:
  // Throws `refused` where another user can write to its folder or to one above (a sticky one, like /tmp, apart), and
  // std::system_error.
  explicit output_file(const std::string& path);
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;
  ~output_file();  // not committed: it is removed

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }  // empty, open for reading and writing, mode 0600
  void commit();                                               // replaces a file of that name

 private:
  unique_fd folder_;
  std::string name_;
  std::string part_;
  unique_fd fd_;
};

}  // namespace heberg::ctl
