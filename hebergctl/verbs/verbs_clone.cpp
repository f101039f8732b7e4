// SPDX-License-Identifier: LGPL-2.1-or-later
// clone: copies a site to a new one with its own UID, password and logs.
#include "base/beneath.h"
#include "base/errors.h"
#include "base/names.h"
#include "hebergctl/archive/site_archive.h"
#include "hebergctl/container/gift_key.h"
#include "hebergctl/container/site_container.h"
#include "hebergctl/site_lock.h"
#include "hebergctl/site_name.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "tree/layout.h"
#include "tree/remove_tree.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

struct clone_options {
  std::string site;
  std::string to;
  std::vector<std::string> hosts;
  bool keeps_keys = false;
};

// Removes the keys that open the first site, both the owner's and the sysadmin's: the clone may be somebody else's. A
// folder of that name is no key file, and stays.
void remove_keys(int folder) {
  for (const char* where : {tree::k_ssh_folder, tree::k_secrets_folder}) {
    const unique_fd inner = open_beneath(folder, where, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!inner && errno == ENOENT) continue;
    if (!inner) throw_errno("open", where);
    if (::unlinkat(inner.get(), tree::k_keys_file, 0) != 0 && errno != ENOENT && errno != EISDIR)
      throw_errno("remove the keys in", where);
  }
}

// Removes the first site's password (syncd generates a new one) and log lines.
void reset_password_and_logs(int folder) {
  const unique_fd secrets = open_beneath(folder, tree::k_secrets_folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (secrets && ::unlinkat(secrets.get(), tree::k_password_file, 0) != 0 && errno != ENOENT)
    throw_errno("remove", "the password");
  struct stat logs {};
  if (::fstatat(folder, tree::k_logs_folder, &logs, AT_SYMLINK_NOFOLLOW) != 0) return;
  tree::remove_tree(folder, tree::k_logs_folder);
  if (::mkdirat(folder, tree::k_logs_folder, 0700) != 0) throw_errno("create", tree::k_logs_folder);
  const unique_fd fresh = open_beneath(folder, tree::k_logs_folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!fresh || ::fchmod(fresh.get(), logs.st_mode & 07777) != 0 ||
      ::fchown(fresh.get(), logs.st_uid, logs.st_gid) != 0)
    throw_errno("set owner and mode of", tree::k_logs_folder);
}

int clone(const command& given, const clone_options& asked) {
  const auto settings = load(given.common);
  const auto row = ledger::read_site(settings.state_dir, asked.site);
  if (!row) return fail_no_site(asked.site);
  if (!is_site_name(asked.to)) return fail(k_usage, explain_invalid_name(asked.to));
  if (asked.to == asked.site) return fail(k_usage, "clone: NEW must differ from SITE");
  const site_lock alone(settings, asked.site);
  const site_lock alone_there(settings, asked.to);
  const auto root = open_root(settings);
  if (has_tree(root->get(), asked.to))
    return fail(k_refused, asked.to + ": not cloned: a tree of that name exists already");
  const auto container = find_container(settings.docker.host, asked.site);
  auto wanted = container ? container->wanted : std::nullopt;
  if (!asked.hosts.empty()) {
    if (!wanted)
      return fail(k_refused, asked.site + ": has no container created by hebergctl: clone it without --host");
    wanted->hosts = asked.hosts;
    if (const auto why = explain_specification(*wanted); !why.empty()) return fail(k_usage, "clone: " + why);
    if (find_container(settings.docker.host, asked.to))
      return fail(k_refused, asked.to + ": not cloned: a container of that name exists already");
  }
  const auto tree = open_tree(root->get(), asked.site);
  std::optional<progress> shown(std::in_place, given);
  const auto [file, packed] = pack_unnamed(settings, *row, container, tree.get(), archive::compression::zstd, *shown);
  // The first site's UID is taken: this reserves another one. Asking for a UID makes no tree, which is written below.
  const auto reserved = reserve(given, settings, asked.to, row->uid);
  if (const auto* code = std::get_if<int>(&reserved)) return *code;
  const auto uid = std::get<reservation>(reserved).uid;
  const auto undo_row = [&] {
    if (std::get<reservation>(reserved).is_new) forget_row(given, asked.to);
  };
  try {
    shown->begin(asked.to + ": writing", packed.bytes);
    const auto prepare = [&](int folder) {
      reset_password_and_logs(folder);
      if (!asked.keeps_keys) remove_keys(folder);
    };
    write_tree(root->get(), file.get(), packed, asked.to, uid, prepare, shown->counter());
    shown.reset();
  } catch (...) {
    undo_row();
    throw;
  }
  if (!asked.hosts.empty()) {
    try {
      run_container(settings.docker.host, {.site = asked.to,
                                           .uid = uid,
                                           .www = tree::www_path(settings.sites.host_root, asked.to),
                                           .wanted = *wanted,
                                           .gift_key = load_gift_key(settings.state_dir)});
    } catch (...) {
      wait_until_missing(settings, asked.to);
      remove_named_tree(root->get(), asked.to);
      undo_row();
      throw;
    }
  }
  const json data = {{"site", asked.to}, {"uid", uid}, {"container", !asked.hosts.empty()}};
  return report(
      given, {control::failure::none,
              asked.to + ": cloned from " + asked.site + ", UID " + std::to_string(uid) +
                  (asked.hosts.empty() ? "; create its container with \"hebergctl create " + asked.to + " --host NAME\""
                                       : "; its container is running"),
              data.dump()});
}

}  // namespace

void add_clone(subcommand& verb, command& given) {
  const auto options = std::make_shared<clone_options>();
  verb.add("SITE", options->site).required();
  verb.add("NEW", options->to).required();
  verb.add("--host", options->hosts, "Host names of the new site; with them it gets a container like the first site's")
      .type("NAME");
  verb.add_flag("--keep-keys", options->keeps_keys,
                "Copy the SSH keys too: who has one of them can log in to the new site");
  verb.runs(given, [&given, options] { return clone(given, *options); });
}

}  // namespace heberg::ctl
