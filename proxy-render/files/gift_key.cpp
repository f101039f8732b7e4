// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/files/gift_key.h"

#include "base/unique_fd.h"
#include "site/host_gift.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace heberg::proxy {

std::string read_gift_key(const std::string& path) {
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat is {};
  if (!file || ::fstat(file.get(), &is) != 0 || !S_ISREG(is.st_mode)) return {};
  if ((is.st_uid != 0 && is.st_uid != ::geteuid()) || (is.st_mode & (S_IRWXG | S_IRWXO)) != 0) return {};
  std::string text(site::k_gift_key_size, 0);
  const auto count = ::read(file.get(), text.data(), text.size());
  return count == static_cast<ssize_t>(text.size()) ? text : std::string();
}

}  // namespace heberg::proxy
