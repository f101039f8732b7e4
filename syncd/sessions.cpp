// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/sessions.h"

#include "base/errors.h"
#include "base/list_folder.h"
#include "base/unique_fd.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>

namespace heberg::syncd {
namespace {

// As syscalls: glibc 2.36's <sys/pidfd.h> lacks the extern "C" that C++ needs (2.37 has it).
unique_fd open_process(pid_t process) {
  return unique_fd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
}
bool kill_process(const unique_fd& process) {
  return ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) == 0;
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The value of "Name:\tvalue\n"; empty where there is none.
std::string_view field(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    const auto line = status.substr(0, status.find('\n'));
    if (line.starts_with(name) && line.substr(name.size()).starts_with(":\t")) return line.substr(name.size() + 2);
    status.remove_prefix(std::min(line.size() + 1, status.size()));
  }
  return {};
}

// Empty where the process is gone.
std::string read_status(int procs, pid_t process) {
  const std::string path = std::to_string(process) + "/status";
  const unique_fd file(::openat(procs, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  std::array<char, 4096> text;
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

unique_fd open_procs(const std::string& procs) {
  unique_fd fd(::open(procs.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open", procs);
  return fd;
}

}  // namespace

bool is_session_of(std::string_view status, std::uint32_t uid) {
  const auto name = field(status, "Name");
  if (name != "sshd" && name != "sshd-session") return false;  // the latter since OpenSSH 9.8
  auto ids = field(status, "Uid");
  for (int i = 0; i < 4; ++i) {  // real, effective, saved, of file system
    const auto tab = ids.find('\t');
    if (parse_number<std::uint32_t>(ids.substr(0, tab)) != uid) return false;
    ids.remove_prefix(tab == std::string_view::npos ? ids.size() : tab + 1);
  }
  return true;
}

std::vector<session> find_sessions(const std::string& procs, const std::set<std::uint32_t>& uids) {
  std::vector<session> found;
  if (uids.empty()) return found;
  const auto folder = open_procs(procs);
  const auto entries = list_folder(folder.get());
  if (entries == nullptr) throw_errno("read", procs);
  const int fd = folder.get();
  while (const dirent* entry = ::readdir(entries.get())) {
    const auto process = parse_number<pid_t>(entry->d_name);
    if (!process) continue;
    // The folder belongs to the process's effective UID: a cheap first look, for a host with many processes.
    struct stat status {};
    if (::fstatat(fd, entry->d_name, &status, 0) != 0) continue;
    // (Our own user's are read all the same: they are few, and a stand-in for /proc is ours.)
    if (status.st_uid != ::geteuid() && !uids.contains(status.st_uid)) continue;
    const auto text = read_status(fd, *process);
    const auto ids = field(text, "Uid");
    const auto uid = parse_number<std::uint32_t>(ids.substr(0, ids.find('\t')));
    if (uid && uids.contains(*uid) && is_session_of(text, *uid)) found.push_back({*process, *uid});
  }
  return found;
}

std::vector<session> kill_sessions(const std::string& procs, const std::vector<session>& sessions) {
  std::vector<session> killed;
  if (sessions.empty()) return killed;
  const unique_fd folder = open_procs(procs);
  for (const auto& session : sessions) {
    const unique_fd process = open_process(session.process);
    // The descriptor holds on to one process; that it is the right one is asked only after it is held.
    if (!process || !is_session_of(read_status(folder.get(), session.process), session.uid)) continue;
    if (kill_process(process)) killed.push_back(session);
  }
  return killed;
}

}  // namespace heberg::syncd
