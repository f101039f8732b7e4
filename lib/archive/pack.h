// SPDX-License-Identifier: LGPL-2.1-or-later
// Packs a site's tree into one file: pax in zstd, in a fixed order, streaming. The archive keeps content, owners,
// modes, times, hard and symbolic links, user extended attributes and holes.
#pragma once

#include "archive/manifest.h"

#include <string>
#include <utility>
#include <vector>

namespace heberg::archive {

struct pack_result {
  manifest packed;
  std::uint64_t bytes = 0;                                    // of content
  std::vector<std::pair<std::string, std::string>> left_out;  // path, reason
};

// none: for restic, which compresses itself and stores equal parts once.
enum class compression { zstd, none };

// tree: the open top folder. output: an open, empty file. Throws where something cannot be read or written, a file
// changes while it is read, or the tree exceeds the limits: a file that is one large hole is read for hours.
[[nodiscard]] pack_result pack(const head& about, int tree, int output, compression how = compression::zstd,
                               const counter& count = {}, const limits& most = k_no_limits);

// The same, and reads the file back while the rest is packed. Throws where it differs from the tree. output is open for
// reading, too.
[[nodiscard]] pack_result pack_and_read_back(const head& about, int tree, int output,
                                             compression how = compression::zstd, const counter& count = {},
                                             const limits& most = k_no_limits);

}  // namespace heberg::archive
