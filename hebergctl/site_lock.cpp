// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/site_lock.h"

#include "base/errors.h"
#include "base/names.h"
#include "hebergctl/command.h"
#include "hebergctl/site_name.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace heberg::ctl {
namespace {

constexpr std::chrono::seconds k_timeout{15};  // the guard of a killed hebergctl resumes the container first
constexpr std::chrono::milliseconds k_pause{100};

}  // namespace

site_lock::site_lock(const settings& settings, const std::string& site, if_busy what) {
  if (!is_site_name(site)) throw refused(explain_invalid_name(site));
  const auto folder = settings.state_dir + "/locks";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    const int error = errno;
    throw_errno(error, "create", folder + (error == ENOENT ? " (start heberg-syncd first)" : ""));
  }
  const auto path = folder + "/" + site;
  file_ = unique_fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) throw_errno("open", path);
  const auto end = std::chrono::steady_clock::now() + k_timeout;
  while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw_errno("lock", path);
    if (what == if_busy::refuse && std::chrono::steady_clock::now() > end)
      throw refused(site + ": another hebergctl is working on this site: try again when it has ended");
    std::this_thread::sleep_for(k_pause);
  }
}

}  // namespace heberg::ctl
