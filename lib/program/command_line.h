// SPDX-License-Identifier: LGPL-2.1-or-later
// What every program of ours has on its command line: --help, --version, --config FILE, --verbose. CLI11 underneath.
#pragma once

#include "program/settings.h"

#include <string>

namespace CLI {
class App;
}

namespace heberg {

struct common_options {
  std::string config = k_default_config;
  bool config_named = false;  // --config was given: a missing file is an error
  bool verbose = false;       // debug messages
};

// Adds them to the program's own App.
void add_common_options(CLI::App& app, common_options& options);

// After parsing: reads the settings, and logs their warnings.
[[nodiscard]] settings load(const common_options& options);

}  // namespace heberg
