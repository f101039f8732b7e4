// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/processes.h"

#include "base/errors.h"
#include "base/list_folder.h"
#include "base/pidfd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace heberg::tree {

std::string_view status_field(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    const auto line = status.substr(0, status.find('\n'));
    if (line.starts_with(name) && line.substr(name.size()).starts_with(":\t")) return line.substr(name.size() + 2);
    status.remove_prefix(std::min(line.size() + 1, status.size()));
  }
  return {};
}

unique_fd open_procs(const std::string& procs) {
  unique_fd fd(::open(procs.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open", procs);
  return fd;
}

std::string read_status(int procs, pid_t process) {
  const std::string path = std::to_string(process) + "/status";
  const unique_fd file(::openat(procs, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  std::array<char, 4096> text;
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

void for_each_process(int procs, const std::function<void(pid_t process, uid_t uid)>& visit) {
  const auto entries = list_folder(procs);
  if (entries == nullptr) throw_errno("read", "the list of processes");
  while (const dirent* entry = ::readdir(entries.get())) {
    const auto process = parse_number<pid_t>(entry->d_name);
    struct stat status {};
    if (process && ::fstatat(procs, entry->d_name, &status, 0) == 0) visit(*process, status.st_uid);
  }
}

bool signal_if(int procs, pid_t process, int signal, const std::function<bool(std::string_view status)>& is_meant) {
  const unique_fd held(::pidfd_open(process, 0));
  return held && is_meant(read_status(procs, process)) && ::pidfd_send_signal(held.get(), signal, nullptr, 0) == 0;
}

}  // namespace heberg::tree
