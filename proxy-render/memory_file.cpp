// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/memory_file.h"

#include "proxy-render/output.h"

#include <sys/stat.h>

#include <exception>
#include <utility>

namespace heberg::proxy {

memory_file::memory_file(const std::filesystem::path& output) {
  const auto absolute = std::filesystem::absolute(output).lexically_normal();
  path_ = (absolute.parent_path() / ("." + absolute.filename().string() + ".state")).string();
}

// All zero where there is no file.
memory_file::identity memory_file::look() const {
  struct stat file {};
  if (::stat(path_.c_str(), &file) != 0) return {};
  return {file.st_dev, file.st_ino, file.st_mtim};
}

bool memory_file::is_news() const {
  if (!seen_) return true;
  const auto now = look();
  return now.device != seen_->device || now.inode != seen_->inode || now.changed.tv_sec != seen_->changed.tv_sec ||
         now.changed.tv_nsec != seen_->changed.tv_nsec;
}

memory_file::reading memory_file::load() {
  seen_ = look();  // before it is read: what comes in between is news again
  std::string fault = "is not of this program's making";
  try {
    const auto text = output_file(path_).read();
    if (!text) return {.remembered = {}, .damaged = false, .complaint = "there is no " + path_ + " yet"};
    if (auto read = parse_memory(*text)) return {.remembered = std::move(*read), .damaged = false, .complaint = {}};
  } catch (const std::exception& error) {
    fault = error.what();
  }
  return {.remembered = {}, .damaged = true, .complaint = path_ + ": " + fault};
}

void memory_file::keep(memory& memory) {
  if (!memory.changed) return;
  replace_file(path_, dump_memory(memory));
  memory.changed = false;
  seen_ = look();
}

}  // namespace heberg::proxy
