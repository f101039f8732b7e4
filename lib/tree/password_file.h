// SPDX-License-Identifier: LGPL-2.1-or-later
// The file NAME/.heberg/password. Only what root alone could have written and can read is believed: it must be a
// regular file of root's without any right for group and others, without a second name (a hard link), in a folder of
// root's that nobody else can write to. It is opened without following links, and looked at before it is opened for
// reading: a fifo or a device is never opened.
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
  std::optional<fingerprint> file;  // none where its folder is what was refused
  std::string reason;
};
struct file_unreadable {  // for now: no memory, no descriptor, an I/O error. Nothing follows from it but another look.
  std::string reason;
};
struct file_line {
  fingerprint file;
  secret line;  // the first, without its newline (nor a carriage return before it)
};
using password_look = std::variant<file_unchanged, file_absent, file_refused, file_unreadable, file_line>;

// A site's .heberg folder, below the open sites root. Empty with errno set on failure.
[[nodiscard]] unique_fd open_secrets_folder(int root, const std::string& site);

// folder: .heberg. known: the file as it was judged last; equal again: file_unchanged, without reading it.
[[nodiscard]] password_look look_at_password(int folder, const std::optional<fingerprint>& known,
                                             const ownership& owners);

// Writes a new one, whole or not at all, root's and 0600. Returns how it is now; nothing where there is a file already,
// which stays: the sysadmin may have written it a moment ago. Throws std::system_error.
[[nodiscard]] std::optional<fingerprint> store_password(int folder, const secret& password, ownership& owners);

}  // namespace heberg::tree
