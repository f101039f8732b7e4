// SPDX-License-Identifier: LGPL-2.1-or-later
// Cuts a stream of bytes into lines of a bounded length. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::docker {

class line_cutter {
 public:
  explicit line_cutter(std::size_t line_max) : line_max_(line_max) {}

  // The lines that these bytes complete, without their ends and without empty ones. Nothing once a line is longer than
  // line_max: the stream is not to be read on.
  [[nodiscard]] std::optional<std::vector<std::string>> feed(std::string_view bytes);

 private:
  std::size_t line_max_;
  std::string rest_;
};

}  // namespace heberg::docker
