// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/command_line.h"

#include "program/log.h"

#include <CLI/CLI.hpp>

namespace heberg {

void add_common_options(CLI::App& app, common_options& options) {
  app.set_version_flag("--version", app.get_name() + " " HEBERG_VERSION, "Print the version and exit");
  app.set_help_flag("--help,-h", "Print this help and exit");
  app.add_option("--config", options.config, "Read the settings from FILE (heberg.toml(5))")
      ->type_name("FILE")
      ->capture_default_str()
      ->each([&options](const std::string&) { options.config_named = true; });
  app.add_flag("--verbose,-v", options.verbose, "Log debug messages too");
}

settings load(const common_options& options) {
  if (options.verbose) set_log_level(level::debug);
  auto loaded = load_settings(options.config, options.config_named);
  for (const auto& warning : loaded.warnings) log(level::warning, warning);
  return loaded;
}

}  // namespace heberg
