// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/site_lock.h"

#include "base/errors.h"
#include "base/names.h"
#include "hebergctl/command.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace heberg::ctl {
namespace {

constexpr std::chrono::seconds k_patience{15};  // the guard of one that was killed lets the container go on first
constexpr std::chrono::milliseconds k_between{100};

}  // namespace

site_lock::site_lock(const settings& settings, const std::string& site, other what) {
  if (!is_site_name(site)) throw refused(site + " is no site's name");
  const auto folder = settings.state_dir + "/locks";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("make", folder);
  const auto path = folder + "/" + site;
  file_ = unique_fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) throw_errno("open", path);
  const auto end = std::chrono::steady_clock::now() + k_patience;
  while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw_errno("lock", path);
    if (what == other::refuse && std::chrono::steady_clock::now() > end)
      throw refused(site + ": another hebergctl works on it: try again when that has ended");
    std::this_thread::sleep_for(k_between);
  }
}

}  // namespace heberg::ctl
