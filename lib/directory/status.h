// SPDX-License-Identifier: LGPL-2.1-or-later
// The result of a lookup in the directory. Only the modules' entry points translate it into NSS_ and PAM_ codes.
#pragma once

namespace heberg::directory {

enum class status : unsigned char {
  found,
  not_found,
  short_buffer,  // the caller's buffer is too small; nothing was written
  missing,       // the file could not be opened; errno says why (ENOENT, EACCES, EMFILE, …)
  untrusted,     // not a regular file, not the trusted owner's, or others may write to it
  damaged,       // what was read is not what the writer wrote
};

}  // namespace heberg::directory
