// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/files/file_stamp.h"

#include <sys/stat.h>

namespace heberg::proxy {

std::string stamp_of(const struct ::stat& file) {
  return std::to_string(file.st_ino) + "." + std::to_string(file.st_mtim.tv_sec) + "." +
         std::to_string(file.st_mtim.tv_nsec);
}

std::optional<std::string> stamp_of(const std::filesystem::path& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return std::nullopt;
  return stamp_of(file);
}

}  // namespace heberg::proxy
