// SPDX-License-Identifier: LGPL-2.1-or-later
// hebergctl logs: the last lines of a site's log, and what comes after. The folder may hold whatever its owner could
// put there while it was his: opened below the tree without links, and only a regular file is read.
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
  using line_sink = std::function<void(std::string_view line)>;  // with its newline, but for a last one without

  // SITE/logs/NAME below the sites root. Throws std::system_error where the root cannot be opened, or where the log is
  // there but is no file to be read.
  log_tail(const std::string& sites_root, std::string site, std::string name);

  [[nodiscard]] bool exists() const noexcept { return static_cast<bool>(file_); }

  // The last lines of what is there.
  void print_last(std::size_t lines, const line_sink& sink);

  // What has come since: whole lines alone. A log that was put aside is read to its end, then the new one from its
  // beginning; one that was cut short is read anew. False: nothing has come.
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
  std::string open_line_;  // its end has not come yet
};

// A line as a terminal may have it: control characters written as \xNN.
[[nodiscard]] std::string printable_line(std::string_view line);

}  // namespace heberg::ctl
