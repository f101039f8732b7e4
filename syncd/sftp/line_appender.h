// SPDX-License-Identifier: LGPL-2.1-or-later
// Appends whole lines to a log in a site's tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace heberg::syncd {

class line_appender {
 public:
  virtual ~line_appender() = default;

  // lines: whole ones, of SITE/logs/NAME below the open sites root. group: the site's. Returns the error, as the
  // end of a sentence that begins with the file ("is a fifo: not written to"); or an empty text.
  [[nodiscard]] virtual std::string append(int root, const std::string& site, std::uint32_t group, const char* name,
                                           std::string_view lines) = 0;
};

}  // namespace heberg::syncd
