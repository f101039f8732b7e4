// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads an archive that anybody may have made. Judged whole before anything is written: each path, link and kind, its
// limits, and each file's content against the manifest. Then it is read once more and written below an empty folder, by
// descriptors beneath it; each content is judged again, so that a file that was changed in between gains nothing.
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
[[nodiscard]] contents judge(int input, const limits& most, const counter& told = {});
[[nodiscard]] contents judge(source& input, const limits& most, const counter& told = {});

// Who owns what is unpacked: root stays root, everything else is the site's.
struct owner {
  std::uint32_t uid = 0;   // the site's, GID too
  bool is_changed = true;  // false: everything is left to whoever unpacks, for tests that are not root's
};

// What judge() would say of a file that pack_and_read_back() has just written: it is not read once more. Throws
// bad_archive for a head that no archive can have.
[[nodiscard]] contents contents_of(const head& about, const pack_result& written);

// known: what judge() said of this file. folder: an open, empty folder that becomes the tree. Throws bad_archive or
// std::system_error; what was written by then is the caller's to remove.
void unpack(int input, const contents& known, int folder, const owner& whose, const counter& told = {});

}  // namespace heberg::archive
