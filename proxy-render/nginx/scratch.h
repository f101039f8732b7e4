// SPDX-License-Identifier: LGPL-2.1-or-later
// A temporary folder for what nginx is to read once; gone with the object. Throws std::system_error.
#pragma once

#include "base/errors.h"
#include "base/unique_fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace heberg::proxy {

class scratch_folder {
 public:
  scratch_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "heberg-proxy-render.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw_errno("mkdtemp", pattern);
    path_ = pattern;
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

// A new file: never over one that is there, nor through a link.
inline void write_text(const std::filesystem::path& path, std::string_view text) {
  const unique_fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw_errno("create", path.string());
  while (!text.empty()) {
    const auto count = ::write(fd.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("write", path.string());
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace heberg::proxy
