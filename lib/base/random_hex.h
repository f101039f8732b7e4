// SPDX-License-Identifier: LGPL-2.1-or-later
// Names and tokens that cannot be guessed. For daemons and commands; no plugin includes it (it throws).
#pragma once

#include "base/errors.h"
#include "base/hex.h"

#include <sys/random.h>

#include <string>
#include <vector>

namespace heberg {

// This many random bytes, at most 256 (getrandom(2) gives them whole then), in hex.
[[nodiscard]] inline std::string random_hex(std::size_t bytes) {
  std::vector<unsigned char> random(bytes);
  if (::getrandom(random.data(), bytes, 0) != static_cast<ssize_t>(bytes)) throw_errno("read", "random bytes");
  return to_hex(random);
}

}  // namespace heberg
