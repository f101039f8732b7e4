// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/progress.h"

#include <catch2/catch.hpp>

using namespace heberg::ctl;
using namespace std::chrono_literals;

TEST_CASE("a line says how far the work is, how much that is, and how fast it goes") {
  const progress_state half{.what = "site_1: packing", .done = 50'000'000, .total = 100'000'000, .elapsed = 2s};
  CHECK(draw_progress(half, 79) == "site_1: packing   50 %  [###############...............]  50 of 100 MB, 25 MB/s");
  CHECK(draw_progress({.what = "a: packing", .done = 0, .total = 2'500'000, .elapsed = 0s}, 79) ==
        "a: packing    0 %  [..............................]  0.0 of 2.5 MB");
  CHECK(draw_progress({.what = "a: reading", .done = 1'000'000, .total = 0, .elapsed = 500ms}, 79) ==
        "a: reading  1.0 MB");
  CHECK(draw_progress({.what = "a: comparing", .done = 0, .total = 0, .elapsed = 5s}, 79) == "a: comparing");
}

TEST_CASE("a line is never wider than its terminal, and never more than whole") {
  const progress_state grown{.what = "site_1: packing", .done = 120'000'000, .total = 100'000'000, .elapsed = 2s};
  CHECK(draw_progress(grown, 200) ==
        "site_1: packing  100 %  [##############################]  120 of 120 MB, 60 MB/s");
  for (std::size_t columns = 0; columns < 100; ++columns) CHECK(draw_progress(grown, columns).size() <= columns);
  CHECK(draw_progress(grown, 55) == "site_1: packing  100 %  120 of 120 MB, 60 MB/s");  // no room for a bar
}
