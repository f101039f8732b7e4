// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/memory_file.h"

#include "base/errors.h"
#include "base/unique_fd.h"
#include "proxy-render/nginx/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <exception>
#include <thread>
#include <utility>

namespace heberg::proxy {
namespace {

// Until it is closed. The folder itself: a lock file would have to be left behind. Any process that can open the folder
// can lock it, such as an nginx in a container that has it as a volume: so the wait for the lock has an end.
unique_fd lock_folder(const std::filesystem::path& file, std::chrono::milliseconds patience) {
  const auto folder = file.parent_path();
  unique_fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open", folder.string());
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= until) throw_errno("lock", folder.string());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return fd;
}

}  // namespace

memory_file::memory_file(const std::filesystem::path& output) {
  const auto absolute = std::filesystem::absolute(output).lexically_normal();
  path_ = (absolute.parent_path() / ("." + absolute.filename().string() + ".state")).string();
}

// All zero where there is no file.
memory_file::identity memory_file::read_identity() const {
  struct stat file {};
  if (::stat(path_.c_str(), &file) != 0) return {};
  return {file.st_dev, file.st_ino, file.st_mtim};
}

bool memory_file::was_replaced() const {
  if (!seen_) return true;
  const auto now = read_identity();
  return now.device != seen_->device || now.inode != seen_->inode || now.changed.tv_sec != seen_->changed.tv_sec ||
         now.changed.tv_nsec != seen_->changed.tv_nsec;
}

memory_file::reading memory_file::load() {
  seen_ = read_identity();  // before it is read: a change in between is seen later
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

bool memory_file::save(memory& memory, std::chrono::milliseconds patience) {
  if (!memory.changed) return true;
  const auto folder = lock_folder(path_, patience);
  if (was_replaced()) return false;
  output_file file(path_);
  static_cast<void>(file.stage(dump_memory(memory)));
  file.commit();
  memory.changed = false;
  seen_ = read_identity();
  return true;
}

}  // namespace heberg::proxy
