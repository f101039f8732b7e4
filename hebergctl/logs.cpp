// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/logs.h"

#include "base/beneath.h"
#include "base/errors.h"
#include "program/log.h"
#include "tree/layout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace heberg::ctl {
namespace {

constexpr std::size_t k_part = 64 * 1024;
constexpr std::size_t k_open_line_max = 2 * 1024 * 1024;  // a longer one is printed in parts

// Returns the number of bytes read at this position; 0 at the end.
std::size_t read_at(const unique_fd& file, char* to, std::size_t size, off_t at) {
  for (;;) {
    const ssize_t n = ::pread(file.get(), to, size, at);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) throw_errno("read", "the log");
  }
}

off_t size_of(const unique_fd& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_errno("stat", "the log");
  return status.st_size;
}

// Where the last so many lines begin. A last line without its newline counts.
off_t find_last_lines(const unique_fd& file, off_t end, std::size_t lines) {
  if (lines == 0) return end;
  std::array<char, k_part> part;
  std::size_t seen = 0;
  for (off_t stop = end; stop > 0;) {
    const off_t begin = std::max<off_t>(0, stop - static_cast<off_t>(part.size()));
    const auto size = read_at(file, part.data(), static_cast<std::size_t>(stop - begin), begin);
    for (auto i = size; i > 0; --i) {
      const off_t at = begin + static_cast<off_t>(i) - 1;
      // The newline at the very end closes the last line; each other one opens a line.
      if (part[i - 1] == '\n' && at + 1 != end && ++seen == lines) return at + 1;
    }
    stop = begin;
  }
  return 0;
}

}  // namespace

log_tail::log_tail(const std::string& sites_root, std::string site, std::string name)
    : root_(::open(sites_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      site_(std::move(site)),
      name_(std::move(name)) {
  if (!root_) throw_errno("open", sites_root);
  file_ = open();
}

unique_fd log_tail::open() const {
  const auto path = site_ + "/" + tree::k_logs_folder + "/" + name_;
  const unique_fd handle = open_beneath(root_.get(), path.c_str(), O_PATH | O_NOFOLLOW);
  struct stat status {};
  if (!handle || ::fstat(handle.get(), &status) != 0) {
    if (errno == ENOENT) return {};
    throw_errno("open", path);
  }
  if (S_ISLNK(status.st_mode)) throw_errno(ELOOP, "open", path);
  if (!S_ISREG(status.st_mode)) throw_errno(EINVAL, "read", path + " (not a regular file)");
  auto file = reopen(handle.get(), O_RDONLY | O_NONBLOCK);
  if (!file) throw_errno("open", path);
  return file;
}

bool log_tail::is_another(const unique_fd& file) const {
  struct stat mine {
  }, other{};
  if (::fstat(file_.get(), &mine) != 0 || ::fstat(file.get(), &other) != 0) throw_errno("stat", "the log");
  return mine.st_dev != other.st_dev || mine.st_ino != other.st_ino;
}

bool log_tail::read_on(const line_sink& sink) {
  std::array<char, k_part> part;
  bool found = false;
  while (const auto size = read_at(file_, part.data(), part.size(), at_)) {
    found = true;
    at_ += static_cast<off_t>(size);
    open_line_.append(part.data(), size);
    std::size_t begin = 0;
    for (auto end = open_line_.find('\n'); end != std::string::npos; end = open_line_.find('\n', begin)) {
      sink(std::string_view(open_line_).substr(begin, end + 1 - begin));
      begin = end + 1;
    }
    open_line_.erase(0, begin);
    if (open_line_.size() > k_open_line_max) sink(std::exchange(open_line_, {}));
  }
  return found;
}

void log_tail::print_last(std::size_t lines, const line_sink& sink) {
  if (!file_) return;
  at_ = find_last_lines(file_, size_of(file_), lines);
  read_on(sink);
  if (!open_line_.empty()) sink(std::exchange(open_line_, {}));
}

bool log_tail::print_new(const line_sink& sink) {
  // Opened before the old one is read: no line that is written to the old one before its rotation is missed.
  unique_fd now = open();
  bool found = false;
  if (file_) {
    if (size_of(file_) < at_) {
      at_ = 0;
      open_line_.clear();
    }
    found = read_on(sink);
  }
  if (!now || (file_ && !is_another(now))) return found;
  if (!open_line_.empty()) sink(std::exchange(open_line_, {}));
  file_ = std::move(now);
  at_ = 0;
  return read_on(sink) || found;
}

std::string printable_line(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return escape_line(line) + "\n";
}

}  // namespace heberg::ctl
