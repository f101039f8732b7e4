// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/mount_witness.h"

#include "base/beneath.h"
#include "syncd/reconcile/mounted_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace heberg::syncd {
namespace {

constexpr std::size_t k_seen_max = 100'000;  // containers; more than an engine's list may have

// The beginning of a file of /proc; empty where it cannot be read.
std::string read_proc(const std::string& path) {
  constexpr std::size_t k_most = 1U << 20U;
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(k_most, 0);
  std::size_t size = 0;
  while (file && size < text.size()) {
    const auto count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return text;
}

// The engine may count processes in another PID namespace, or on another host: then the number is some other process's.
// Docker's cgroups have the container's id, and so have the files that it mounts on /etc/hostname and the like.
bool is_its_process(const std::string& process, const std::string& id) {
  return read_proc(process + "/cgroup").find(id) != std::string::npos ||
         read_proc(process + "/mountinfo").find(id) != std::string::npos;
}

std::optional<folder_identity> identify(const unique_fd& folder) {
  struct stat is {};
  if (!folder || ::fstat(folder.get(), &is) != 0) return std::nullopt;
  return folder_identity{.device = is.st_dev, .inode = is.st_ino, .owner = is.st_uid, .is_removed = is.st_nlink == 0};
}

}  // namespace

mount_witness::mount_witness(site::classifier sites, std::string procs,
                             std::function<void(level, const std::string&)> log,
                             std::function<std::string(const std::string&)> stop)
    : sites_(std::move(sites)), procs_(std::move(procs)), log_(std::move(log)), stop_(std::move(stop)) {}

std::string mount_witness::explain(int root, const docker::container& container) {
  const auto known = seen_.find(container.id);
  if (!container.is_up() || container.pid == 0) return known == seen_.end() ? std::string() : known->second.reason;
  if (known != seen_.end() && known->second.pid == container.pid) return known->second.reason;
  bool is_final = true;
  auto reason = look(root, container, is_final);
  if (!is_final) return reason;
  if (seen_.size() >= k_seen_max) seen_.clear();
  seen_.insert_or_assign(container.id, seen{.pid = container.pid, .reason = reason});
  if (reason.empty()) return reason;
  const auto failure = stop_(container.id);
  log_(level::error, "container " + site::quoted(container.name) + ": " + reason +
                         (failure.empty() ? ": it is stopped" : ": stopping it failed: " + failure));
  return reason;
}

std::string mount_witness::look(int root, const docker::container& container, bool& is_final) {
  std::optional<unique_fd> inside;
  for (const auto& mount : container.mounts) {
    const auto place = sites_.find_place(mount.source);
    if (!place) continue;
    if (!inside) {
      const auto process = procs_ + "/" + std::to_string(container.pid);
      const auto path = process + "/root";
      if (!is_its_process(process, container.id)) {
        is_final = false;
        return {};
      }
      inside.emplace(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      if (!*inside) {
        is_final = false;
        if ((errno == EACCES || errno == EPERM) && !std::exchange(has_logged_blindness_, true)) {
          log_(level::warning, "the containers' mounts cannot be compared with the sites' trees: " + path +
                                   ": permission denied; give heberg-syncd the capability SYS_PTRACE");
        }
        return {};
      }
    }
    const auto mounted = identify(open_in_root(inside->get(), mount.destination.c_str(), O_PATH));
    if (!mounted) continue;  // the process is gone
    std::string path = place->site;
    for (const auto& part : place->below) path += "/" + part;
    const auto in_tree = identify(open_beneath(root, path.c_str(), O_PATH));
    const auto how = in_tree ? tree_look::found : errno == ENOENT ? tree_look::missing : tree_look::link;
    const auto verdict = judge_mount(how, in_tree, *mounted);
    if (verdict == mount_verdict::replaced) {
      log_(level::warning, "container " + site::quoted(container.name) + ": its mount " + site::quoted(mount.source) +
                               " is a folder that was replaced since it started: restart it");
    }
    if (verdict == mount_verdict::foreign) {
      return "what it has mounted as " + site::quoted(mount.source) +
             " is not that folder of the site's tree, but what a link led to: remove the link and the container, and "
             "mount the site's www";
    }
  }
  return {};
}

}  // namespace heberg::syncd
