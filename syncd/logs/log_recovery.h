// SPDX-License-Identifier: LGPL-2.1-or-later
// After an end in any moment: the files' own ends decide what of the last chunks was written. A whole chunk stays; of a
// torn one the whole lines stay, the rest is cut off, and the cursor goes back to before it, with that many lines to be
// skipped. After a power cut (positions.h) the files go back to what is surely on the disk, and the cursors with them.
#pragma once

#include "log_positions/positions.h"
#include "syncd/logs/log_file.h"

#include <functional>
#include <string_view>

namespace heberg::syncd {

// What is to be committed so that positions and files agree. Throws std::system_error where a file cannot be read or
// cut: nothing may be written before it could.
[[nodiscard]] logs::position_changes recover_files(const logs::log_positions& last, const log_opener& opener,
                                                   const std::function<void(std::string_view)>& warn);

}  // namespace heberg::syncd
