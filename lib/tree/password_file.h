// SPDX-License-Identifier: LGPL-2.1-or-later
// The file NAME/.heberg/password. It is accepted only where root alone could have written it and can read it:
//   - a regular file of root's, without any permission for group and others
//   - with one link
//   - in a folder of root's that only root can write to
// It is opened without following links, and checked before it is opened for reading: a fifo or a device is never
// opened.
#pragma once

#include "base/unique_fd.h"
#include "ledger/ledger.h"
#include "tree/layout.h"
#include "tree/ownership.h"
#include "tree/secret.h"

#include <optional>
#include <string>
#include <variant>

namespace heberg::tree {

inline constexpr std::size_t k_password_file_max = 4096;  // bytes

using ledger::fingerprint;

struct file_unchanged {};
struct file_absent {};
struct file_refused {
  std::optional<fingerprint> file;  // none where its folder was refused
  std::string reason;
};
struct file_unreadable {  // for now: no memory, no descriptor, an I/O error. Read it again later.
  std::string reason;
};
struct file_line {
  fingerprint file;
  secret line;  // the first, without its newline (nor a carriage return before it)
};
using password_file_state = std::variant<file_unchanged, file_absent, file_refused, file_unreadable, file_line>;

// A site's .heberg folder, below the open sites root. Empty with errno set on failure.
[[nodiscard]] unique_fd open_secrets_folder(int root, const std::string& site);

// folder: .heberg. known: the file at the last read; where it is the same, file_unchanged, without reading it.
[[nodiscard]] password_file_state read_password_file(int folder, const std::optional<fingerprint>& known,
                                                     const ownership& owners);

// Writes a new file, completely or not at all, root's and 0600. Returns its fingerprint; nullopt where a file exists,
// which stays: the sysadmin may have written it a moment ago. Throws std::system_error.
[[nodiscard]] std::optional<fingerprint> store_password(int folder, const secret& password, ownership& owners);

}  // namespace heberg::tree
