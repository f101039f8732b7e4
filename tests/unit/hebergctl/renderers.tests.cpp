// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/renderers.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

using heberg::ctl::is_renderer;
using heberg::ctl::signal_renderers;

namespace {

std::string make_status(const std::string& name, const std::string& uids, const std::string& caught) {
  return "Name:\t" + name + "\nState:\tS (sleeping)\nUid:\t" + uids + "\nSigCgt:\t" + caught + "\n";
}

}  // namespace

TEST_CASE("root's daemon that handles SIGHUP is signalled, and nothing else of that name") {
  CHECK(is_renderer(make_status("heberg-proxy-re", "0\t0\t0\t0", "0000000000004003")));
  CHECK_FALSE(is_renderer(make_status("heberg-proxy-re", "0\t0\t0\t0", "0000000000004002")));  // --status, say
  CHECK_FALSE(is_renderer(make_status("heberg-proxy-re", "20000\t20000\t20000\t20000", "0000000000004003")));
  CHECK_FALSE(is_renderer(make_status("heberg-proxy-r", "0\t0\t0\t0", "0000000000004003")));
  CHECK_FALSE(is_renderer(make_status("heberg-proxy-re", "0\t0\t0\t0", "none")));
  CHECK_FALSE(is_renderer(""));
}

TEST_CASE("where none runs, none is signalled") {
  const heberg::test::temp_dir procs;
  CHECK(signal_renderers(procs.path().string()) == 0);
  CHECK_THROWS(signal_renderers((procs / "none").string()));
}
