// SPDX-License-Identifier: LGPL-2.1-or-later
// The place of an enumeration between two calls: setpwent … getpwent … endpwent. It holds no descriptor, only where it
// stands: the file is opened again for each buffer-full. So closefrom(3) and fork(2) between two calls change nothing,
// and no descriptor number of the host program can be mistaken for ours.
//
// The records are sorted by name. Where the file was published anew in between, the enumeration goes on in the new one
// behind the name given last: no name comes twice, and it ends.
//
// An entry is given by peek() and counted as given by advance(): one that met a short buffer is given again.
// The end frees all it held. All zero is a fresh cursor, so a static one needs no constructor. Not locked: glibc holds
// its own lock around these calls.
#pragma once

#include "directory/entry.h"
#include "directory/open_file.h"
#include "directory/record.h"
#include "directory/status.h"

#include <cstdint>
#include <string_view>

namespace heberg::directory {

class cursor {
 public:
  // The next entry: found, not_found (the end), missing, untrusted or damaged. out points into the cursor, until the
  // next call.
  [[nodiscard]] status peek(const source& accounts, account_entry& out) noexcept;
  [[nodiscard]] status peek(const source& shadow, shadow_entry& out) noexcept;

  void advance() noexcept;  // past the entry that peek() found; nothing where it found none

  void reset() noexcept;  // back to the start; what was read (hashes, perhaps) is wiped and freed

 private:
  [[nodiscard]] status peek_record(const source& from, record& out) noexcept;
  [[nodiscard]] status fill(const source& from) noexcept;
  void step(std::uint32_t size) noexcept;

  file_identity identity_;   // of the file that the numbers below belong to
  std::uint32_t position_;   // of the record that comes next; 0: no file was read yet
  std::uint32_t remaining_;  // entries still to come in this file
  std::uint32_t begin_;      // buffer_[begin_, end_) is what was read from position_ on
  std::uint32_t end_;
  std::uint32_t peeked_;     // size of the record that peek() found at begin_; 0: none
  bool resuming_;            // in a newer file than before: names up to the last given one are passed over
  std::uint32_t last_size_;  // the key given last; 0: none
  char last_[k_key_max];
  char* buffer_;  // k_buffer_size, while an enumeration is under way
};

}  // namespace heberg::directory
