// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/sessions.h"

#include "tree/processes.h"

#include <signal.h>
#include <unistd.h>

namespace heberg::tree {

bool is_session_of(std::string_view status, std::uint32_t uid) {
  const auto name = status_field(status, "Name");
  if (name != "sshd" && name != "sshd-session") return false;  // the latter since OpenSSH 9.8
  auto ids = status_field(status, "Uid");
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
  for_each_process(folder.get(), [&](pid_t process, uid_t owner) {
    // A cheap check first, for a host with many processes. (Our own user's are read all the same: they are few, and a
    // stand-in for /proc is ours.)
    if (owner != ::geteuid() && !uids.contains(owner)) return;
    const auto text = read_status(folder.get(), process);
    const auto ids = status_field(text, "Uid");
    const auto uid = parse_number<std::uint32_t>(ids.substr(0, ids.find('\t')));
    if (uid && uids.contains(*uid) && is_session_of(text, *uid)) found.push_back({process, *uid});
  });
  return found;
}

std::vector<session> kill_sessions(const std::string& procs, const std::vector<session>& sessions) {
  std::vector<session> killed;
  if (sessions.empty()) return killed;
  const unique_fd folder = open_procs(procs);
  for (const auto& session : sessions) {
    const auto is_meant = [&](std::string_view status) { return is_session_of(status, session.uid); };
    if (signal_if(folder.get(), session.process, SIGKILL, is_meant)) killed.push_back(session);
  }
  return killed;
}

}  // namespace heberg::tree
