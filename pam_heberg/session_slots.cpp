// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session_slots.h"

#include "base/unique_fd.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace heberg::pam {

slot_result take_slot(const char* file, uid_t trusted_owner, std::uint32_t uid, unsigned most, int& held) noexcept {
  unique_fd fd(::open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return slot_result::unavailable;
  if (!S_ISREG(status.st_mode) || status.st_uid != trusted_owner || (status.st_mode & 022) != 0)
    return slot_result::untrusted;
  for (unsigned slot = 0; slot < most; ++slot) {
    struct flock wanted {};
    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    wanted.l_start = static_cast<off_t>(uid) * k_slots_max + slot;
    wanted.l_len = 1;
    if (::fcntl(fd.get(), F_SETLK, &wanted) == 0) {
      held = fd.release();
      return slot_result::taken;
    }
    if (errno != EACCES && errno != EAGAIN) return slot_result::unavailable;
  }
  return slot_result::none_free;
}

}  // namespace heberg::pam
