// SPDX-License-Identifier: LGPL-2.1-or-later
// Cuts a stream of bytes into lines of a bounded length. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::docker {

class line_cutter {
 public:
  explicit line_cutter(std::size_t line_max) : line_max_(line_max) {}

  // The lines that these bytes complete, without their ends and without empty ones. A line longer than line_max is
  // dropped whole.
  [[nodiscard]] std::vector<std::string> feed(std::string_view bytes);

  // Was a line dropped since this was last asked?
  [[nodiscard]] bool take_dropped() noexcept;

 private:
  std::size_t line_max_;
  std::string rest_;
  bool dropping_ = false;
  bool dropped_ = false;
};

}  // namespace heberg::docker
