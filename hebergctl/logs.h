// SPDX-License-Identifier: LGPL-2.1-or-later
// hebergctl logs: the last lines of a site's log, and new ones. The folder may hold anything that the site's owner
// could put there earlier: the log is opened below the tree without following links, and only a regular file is read.
#pragma once

#include "base/unique_fd.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace heberg::ctl {

class log_tail {
 public:
  using line_sink = std::function<void(std::string_view line)>;  // with its newline, if it has one

  // SITE/logs/NAME below the sites root. Throws std::system_error where the root cannot be opened, or where the log
  // exists but is no readable regular file.
  log_tail(const std::string& sites_root, std::string site, std::string name);

  [[nodiscard]] bool exists() const noexcept { return static_cast<bool>(file_); }

  // The last lines of the log.
  void print_last(std::size_t lines, const line_sink& sink);

  // New lines, once they are complete. A rotated log is read to its end, then the new one from its beginning; a
  // truncated one is read again from its beginning. False: nothing was new.
  bool print_new(const line_sink& sink);

 private:
  [[nodiscard]] unique_fd open() const;
  [[nodiscard]] bool is_another(const unique_fd& file) const;
  bool read_on(const line_sink& sink);

  unique_fd root_;
  std::string site_;
  std::string name_;
  unique_fd file_;
  off_t at_ = 0;
  std::string open_line_;  // not complete yet
};

// A line that is safe on a terminal: control characters are written as \xNN.
[[nodiscard]] std::string printable_line(std::string_view line);

}  // namespace heberg::ctl
