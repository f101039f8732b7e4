// SPDX-License-Identifier: LGPL-2.1-or-later
// confined: runs a program in a tree where no symbolic link leads anywhere. rsync(1) goes by paths, as root, in a tree
// whose owner may put a link in a folder's place meanwhile; in a mount of its own that the kernel follows no link in
// (mount(2), MS_NOSYMFOLLOW, since Linux 5.10) it finds what is there, or nothing. `move` runs it on both hosts.
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

// name: of a folder in the sites root, which is root's alone: nobody puts another in its place.
void enter(const settings& settings, const std::string& name) {
  const auto root = open_root(settings);
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    throw std::runtime_error(name + " is no tree's name");
  const unique_fd tree = open_beneath(root->get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!tree) throw_errno("open", name);
  const auto path = settings.sites.root + "/" + name;
  constexpr unsigned long k_how = MS_REMOUNT | MS_BIND | MS_NOSYMFOLLOW | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    throw_errno("make", "a mount namespace (this is for a host, not for a container without CAP_SYS_ADMIN)");
  if (::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
      ::mount(nullptr, path.c_str(), nullptr, k_how, nullptr) != 0)
    throw_errno("mount", path);
  if (::chdir(path.c_str()) != 0) throw_errno("enter", path);
}

int run_confined(const command& given, std::vector<std::string> words) {
  if (words.size() < 2) return fail(k_usage, "confined: wants a tree's name and a program");
  // Where move is ended by force, its rsync ends with it: the next one must not meet it. (rsync's other end ends with
  // its connection.)
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) throw_errno("bind", "the program to its parent");
  enter(load(given.common), words[0]);
  std::vector<char*> arguments;
  for (std::size_t i = 1; i < words.size(); ++i) arguments.push_back(words[i].data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  throw_errno("run", words[1]);
}

}  // namespace

void add_confined(subcommand& verb, command& given) {
  verb.runs_with_the_rest(
      given, [&given](std::vector<std::string> arguments) { return run_confined(given, std::move(arguments)); });
}

}  // namespace heberg::ctl
