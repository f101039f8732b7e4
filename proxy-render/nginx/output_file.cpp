// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/output_file.h"

#include "base/errors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace heberg::proxy {
namespace {

constexpr mode_t k_mode = 0644;

}  // namespace

output_file::output_file(const std::filesystem::path& path) {
  const auto absolute = std::filesystem::absolute(path).lexically_normal();
  path_ = absolute.string();
  folder_ = absolute.parent_path().string();
  name_ = absolute.filename().string();
}

unique_fd output_file::open_folder() const {
  unique_fd folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw_errno("open", folder_);
  return folder;
}

std::optional<std::string> output_file::read() const {
  const unique_fd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) throw_errno("open", path_);
  struct stat file {};
  if (::fstat(fd.get(), &file) != 0) throw_errno("stat", path_);
  std::string text(static_cast<std::size_t>(file.st_size), '\0');
  for (std::size_t at = 0; at < text.size();) {
    const auto count = ::read(fd.get(), text.data() + at, text.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("read", path_);
    if (count == 0) text.resize(at);
    at += static_cast<std::size_t>(count);
  }
  return text;
}

std::string output_file::stage(std::string text) {
  auto path = folder_ + "/." + name_ + ".tmp";
  if (staged_ && staged_text_ == text) return path;
  discard();
  folder_fd_ = open_folder();
  auto& file = staged_.emplace();
  int error = file.open(folder_fd_.get(), name_, k_mode, ::geteuid(), ::getegid());
  if (error == 0) error = file.write(text);
  if (error != 0) {
    discard();
    throw_errno(error, "write", path_);
  }
  staged_text_ = std::move(text);
  return path;
}

void output_file::commit() {
  const int error = staged_ ? staged_->commit() : EBADF;
  discard();
  if (error != 0) throw_errno(error, "replace", path_);
}

void output_file::discard() {
  staged_.reset();
}

bool output_file::is_reload_pending() const {
  return ::access((folder_ + "/." + name_ + ".reload").c_str(), F_OK) == 0;
}

void output_file::set_reload_pending() {
  const auto mark = folder_ + "/." + name_ + ".reload";
  const unique_fd fd(::open(mark.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw_errno("create", mark);
}

void output_file::clear_pending_reload() {
  const auto mark = folder_ + "/." + name_ + ".reload";
  if (::unlink(mark.c_str()) != 0 && errno != ENOENT) throw_errno("remove", mark);
}

void replace_file(const std::filesystem::path& path, std::string_view text) {
  output_file file(path);
  if (file.read() == text) return;
  static_cast<void>(file.stage(std::string(text)));
  file.commit();
}

}  // namespace heberg::proxy
