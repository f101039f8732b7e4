// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/sessions.h"

#include "tree/processes.h"

#include <signal.h>
#include <unistd.h>

namespace heberg::tree {
namespace {

constexpr int k_generations_max = 16;  // sshd's are three: the listening one, a connection's, its user's

bool is_sshd(std::string_view status) {
  const auto name = status_field(status, "Name");
  return name == "sshd" || name == "sshd-session";  // the latter since OpenSSH 9.8
}

// In the PID namespace of this /proc: in a container's there is one more number.
bool is_in_no_container(std::string_view status) {
  const auto ids = status_field(status, "NSpid");
  return !ids.empty() && ids.find('\t') == std::string_view::npos;
}

bool is_of_root(std::string_view status) {
  return status_field(status, "Uid") == "0\t0\t0\t0";
}

bool comes_from(int procs, std::string_view status, const sshd_place& sshd) {
  if (!sshd.is_known) return true;
  const bool is_hosts = is_in_no_container(status);
  std::string text(status);
  for (int i = 0; i < k_generations_max; ++i) {
    const auto parent = parse_number<pid_t>(status_field(text, "PPid"));
    if (!parent || *parent <= 0) return false;
    if (*parent == sshd.container) return true;
    text = read_status(procs, *parent);
    if (is_hosts && is_in_no_container(text) && is_sshd(text) && is_of_root(text)) return true;
  }
  return false;
}

}  // namespace

bool is_session_of(std::string_view status, std::uint32_t uid) {
  if (!is_sshd(status)) return false;
  auto ids = status_field(status, "Uid");
  for (int i = 0; i < 4; ++i) {  // real, effective, saved, of file system
    const auto tab = ids.find('\t');
    if (parse_number<std::uint32_t>(ids.substr(0, tab)) != uid) return false;
    ids.remove_prefix(tab == std::string_view::npos ? ids.size() : tab + 1);
  }
  return true;
}

std::vector<session> find_sessions(const std::string& procs, const std::set<std::uint32_t>& uids,
                                   const sshd_place& sshd) {
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
    if (uid && uids.contains(*uid) && is_session_of(text, *uid) && comes_from(folder.get(), text, sshd))
      found.push_back({process, *uid});
  });
  return found;
}

std::vector<session> kill_sessions(const std::string& procs, const std::vector<session>& sessions,
                                   const sshd_place& sshd) {
  std::vector<session> killed;
  if (sessions.empty()) return killed;
  const unique_fd folder = open_procs(procs);
  for (const auto& session : sessions) {
    const auto is_meant = [&](std::string_view status) {
      return is_session_of(status, session.uid) && comes_from(folder.get(), status, sshd);
    };
    if (signal_if(folder.get(), session.process, SIGKILL, is_meant)) killed.push_back(session);
  }
  return killed;
}

}  // namespace heberg::tree
