// SPDX-License-Identifier: LGPL-2.1-or-later
// initgroups: which groups a user is in. Without it glibc walks every group of the directory at each login.
#include "directory/reader.h"
#include "module.h"

#include <grp.h>

#include <algorithm>
#include <cstdlib>

namespace {

// glibc's list of groups: *groups holds *start of *size entries, malloc'd, and may grow up to limit (none where <= 0).
struct group_list {
  long* start;
  long* size;
  gid_t** groups;
  long limit;
};

// False where there is no memory. A list that is full to its limit takes no more, which is no error (as in glibc's
// modules).
bool add_group(const group_list& list, gid_t gid) noexcept {
  if (*list.start == *list.size) {
    if (list.limit > 0 && *list.size >= list.limit) return true;
    long size = std::max(*list.size * 2, 8L);
    if (list.limit > 0) size = std::min(size, list.limit);
    auto* larger = static_cast<gid_t*>(std::realloc(*list.groups, static_cast<std::size_t>(size) * sizeof(gid_t)));
    if (larger == nullptr) return false;
    *list.groups = larger;
    *list.size = size;
  }
  (*list.groups)[(*list.start)++] = gid;
  return true;
}

}  // namespace

// A site is in its own group alone. `group`, its primary one, is in the list already.
HEBERG_NSS_EXPORT nss_status HEBERG_NSS(initgroups_dyn)(const char* user, gid_t group, long* start, long* size,
                                                        gid_t** groups, long limit, int* errnop) noexcept {
  bool no_memory = false;
  const nss_status result = heberg::nss::answer(errnop, [&] {
    using heberg::directory::status;
    heberg::directory::record_buffer record;
    heberg::directory::account_entry entry;
    const status found =
        heberg::directory::find_account(heberg::nss::accounts(), std::string_view(user), record, entry);
    const bool listed = entry.id == group || std::find(*groups, *groups + *start, entry.id) != *groups + *start;
    if (found == status::found && !listed) no_memory = !add_group({start, size, groups, limit}, entry.id);
    return found;
  });
  if (!no_memory) return result;
  *errnop = ENOMEM;
  return NSS_STATUS_TRYAGAIN;
}
