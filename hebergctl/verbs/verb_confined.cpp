// SPDX-License-Identifier: LGPL-2.1-or-later
// confined: runs a program in a tree, in a mount that follows no symbolic link. rsync(1) uses paths, as root, in a tree
// whose owner may replace a folder by a link at any time. In a mount with MS_NOSYMFOLLOW (mount(2), since Linux 5.10)
// such a path does not leave the tree. `move` runs it on both hosts.
#include "base/beneath.h"
#include "base/errors.h"
#include "hebergctl/command.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace heberg::ctl {
namespace {

// name: of a folder in the sites root. Only root can write there, so the folder cannot be replaced.
void enter(const settings& settings, const std::string& name) {
  const auto root = open_root(settings);
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    throw std::runtime_error("invalid tree name \"" + name + "\"");
  const unique_fd tree = open_beneath(root->get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!tree) throw_errno("open", name);
  const auto path = settings.sites.root + "/" + name;
  constexpr unsigned long k_how = MS_REMOUNT | MS_BIND | MS_NOSYMFOLLOW | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    throw_errno("create", "a mount namespace (needs CAP_SYS_ADMIN: run move on the host, not in a container)");
  if (::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
      ::mount(nullptr, path.c_str(), nullptr, k_how, nullptr) != 0)
    throw_errno("mount", path);
  if (::chdir(path.c_str()) != 0) throw_errno("enter", path);
}

int run_confined(const command& given, std::vector<std::string> asked) {
  if (asked.size() < 2) return fail(k_usage, "confined: the name of a tree and a program are required");
  // If move is killed, its rsync ends with it, and cannot disturb the next one. (rsync on the other host ends with the
  // connection.)
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) throw_errno("set the parent death signal of", asked[1]);
  enter(load(given.common), asked[0]);
  std::vector<char*> arguments;
  for (std::size_t i = 1; i < asked.size(); ++i) arguments.push_back(asked[i].data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  throw_errno("run", asked[1]);
}

}  // namespace

void add_confined(subcommand& verb, command& given) {
  verb.runs_with_the_rest(
      given, [&given](std::vector<std::string> arguments) { return run_confined(given, std::move(arguments)); });
}

}  // namespace heberg::ctl
