// SPDX-License-Identifier: LGPL-2.1-or-later
// How many processes an account has: each holds one of its slots, a byte of one file that it has locked (fcntl(2)). The
// kernel releases the lock when the process ends, however it ends, so none is left stale; the file is root's, so no
// site can take, release or see one. A fork's child does not have its parent's locks.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace heberg::pam {

inline constexpr unsigned k_slots_max = 64;  // of an account

enum class slot_result : unsigned char {
  taken,
  none_free,
  untrusted,    // the file is not a regular one of its trusted owner that nobody else can write
  unavailable,  // errno says why
};

// Takes one of the first `most` slots of this account. file: it is made where it is missing. held: a descriptor that
// the process keeps open as long as it wants the slot; no other descriptor of the file may be closed meanwhile, for
// that releases the lock. It is written on `taken` alone.
[[nodiscard]] slot_result take_slot(const char* file, uid_t trusted_owner, std::uint32_t uid, unsigned most,
                                    int& held) noexcept;

}  // namespace heberg::pam
