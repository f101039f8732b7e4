// SPDX-License-Identifier: LGPL-2.1-or-later
// The bytes of the two files for a set of accounts: equal accounts give equal bytes, in whatever order they came.
// tinycdb makes the constant database; in memory, so that nothing is written where nothing changed.
#pragma once

#include "directory/format.h"
#include "directory/writer.h"

#include <span>
#include <string>

namespace heberg::directory {

// What one file says about one account.
struct row {
  std::string name_key;  // "n:NAME"
  std::string id_key;    // "u:UID"; empty in shadow.cdb
  std::string line;
};

// One file of these rows, which are not judged: tests make hostile files with it.
[[nodiscard]] std::string make_image(file_kind kind, std::span<const row> rows);

struct images {
  std::string accounts;
  std::string shadow;
};

// Throws std::invalid_argument as publish() does, std::system_error where there is no memory for it.
[[nodiscard]] images make_images(std::span<const account> accounts);

}  // namespace heberg::directory
