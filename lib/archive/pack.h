// SPDX-License-Identifier: LGPL-2.1-or-later
// Packs a site's tree into one file: pax in zstd, in an order that is the same each time, streaming. Holds content,
// owners, modes, times, hard and symbolic links, user extended attributes and holes.
#pragma once

#include "archive/manifest.h"

#include <string>
#include <utility>
#include <vector>

namespace heberg::archive {

struct pack_result {
  manifest packed;
  std::uint64_t bytes = 0;                                    // of content
  std::vector<std::pair<std::string, std::string>> left_out;  // path, why
};

// none: for who compresses itself, and finds what is the same as before.
enum class compression { zstd, none };

// tree: the open top folder. output: an open, empty file. Throws where something cannot be read or written, a file
// changes while it is read, or the tree holds more than that: a file of holes alone is read for hours.
[[nodiscard]] pack_result pack(const head& about, int tree, int output, compression how = compression::zstd,
                               const counter& told = {}, const limits& most = k_no_limits);

// The same, and reads back what was written while the rest is packed: what is in the file is what was in the tree, or
// it throws. output is open for reading, too.
[[nodiscard]] pack_result pack_and_read_back(const head& about, int tree, int output,
                                             compression how = compression::zstd, const counter& told = {},
                                             const limits& most = k_no_limits);

}  // namespace heberg::archive
