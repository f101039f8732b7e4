// SPDX-License-Identifier: LGPL-2.1-or-later
// How `nginx -t` can test a candidate before it is in place, though nginx reads the live file by its name: through a
// copy of its main configuration in which the `include` of the live file names the candidate instead. Everything else
// that the sysadmin configured is tested with it. Pure. (docs/decisions/0006 has the alternatives.)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::proxy {

struct substitution {
  std::string folder;  // of the main configuration: relative includes start here
  std::string live;    // absolute paths
  std::string candidate;
  std::function<std::vector<std::string>(const std::string& pattern)> list_files;  // glob(7), sorted
};

// The main configuration's text with the candidate in the live file's place; nothing where no include of it (those in
// included files do not count) names the live file.
[[nodiscard]] std::optional<std::string> substitute_include(std::string_view main_config, const substitution& with);

// A main configuration that holds the candidate alone; nginx's scratch files go below `scratch`.
[[nodiscard]] std::string wrap_alone(std::string_view candidate, std::string_view scratch);

// The main configuration's path: the argument of `-c` in the command, else the one compiled in (the output of
// nginx -V). Nothing where neither is an absolute path.
[[nodiscard]] std::optional<std::string> find_main_config(const std::vector<std::string>& command,
                                                          std::string_view version_output);

}  // namespace heberg::proxy
