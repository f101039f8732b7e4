// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/command_line.h"

#include "program/log.h"
#include "support/temp_dir.h"

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

using namespace heberg;
using heberg::test::temp_dir;
using heberg::test::write_file;

TEST_CASE("a file named with --config is read, and must be there") {
  const temp_dir folder;
  const auto path = folder / "x.toml";
  CLI::App app("test", "heberg-test");
  common_options options;
  add_common_options(app, options);
  app.parse("--config " + path.string());
  CHECK(options.config_named);
  CHECK_THROWS(load(options));
  write_file(path, "state_dir = \"/srv\"");
  CHECK(load(options).state_dir == "/srv");
}

TEST_CASE("without --config the default file is read where it exists") {
  CLI::App app("test", "heberg-test");
  common_options options;
  add_common_options(app, options);
  app.parse("-v");
  CHECK(options.config == k_default_config);
  CHECK_FALSE(options.config_named);
  CHECK(options.verbose);
}

TEST_CASE("the command line: --version names the program and its version") {
  CLI::App app("test", "heberg-test");
  common_options options;
  add_common_options(app, options);
  CHECK_THROWS_AS(app.parse("--version"), CLI::CallForVersion);
  CHECK(app.version() == "heberg-test " HEBERG_VERSION);
}
