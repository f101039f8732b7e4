// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads an archive that is not trusted. The whole archive is validated before anything is written: each path, link and
// type, the limits, and each file's content against the manifest. Then it is read again and written below an empty
// folder, by descriptors beneath it. Each content is validated again, in case the file was changed in between.
#pragma once

#include "archive/manifest.h"
#include "archive/pack.h"
#include "archive/source.h"

#include <cstdint>
#include <stdexcept>

namespace heberg::archive {

struct bad_archive : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct contents {
  head about;
  manifest files;
  std::uint64_t bytes = 0;
};

// input: an open regular file, read from its beginning. Throws bad_archive with the reason.
[[nodiscard]] contents validate(int input, const limits& most, const counter& count = {});
[[nodiscard]] contents validate(source& input, const limits& most, const counter& count = {});

// The owner of unpacked files: root's stay root's, all others become the site's.
struct owner {
  std::uint32_t uid = 0;   // the site's, GID too
  bool is_changed = true;  // false: the owner is not set, for tests that do not run as root
};

// What validate() would return for a file that pack_and_read_back() has just written, without reading it again. Throws
// bad_archive for an invalid head.
[[nodiscard]] contents contents_of(const head& about, const pack_result& written);

// known: the result of validate() for this file. folder: an open, empty folder that becomes the tree. Throws
// bad_archive or std::system_error; the caller then removes what was written.
void unpack(int input, const contents& known, int folder, const owner& whose, const counter& count = {});

}  // namespace heberg::archive
