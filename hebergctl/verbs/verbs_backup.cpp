// SPDX-License-Identifier: LGPL-2.1-or-later
// backup: saves the sites to a restic repository, each as an archive that `restore` reads; and verifies that one can be
// restored. If one site fails, the others are saved all the same.
#include "base/beneath.h"
#include "base/errors.h"
#include "hebergctl/archive/restic.h"
#include "hebergctl/archive/site_archive.h"
#include "hebergctl/container/site_container.h"
#include "hebergctl/print.h"
#include "hebergctl/site_lock.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "program/log.h"
#include "tree/layout.h"
#include "tree/remove_tree.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

struct backup_options {
  std::vector<std::string> sites;
  bool init = false;
  bool list = false;
  bool verify = false;
};

json describe(const snapshot& one) {
  return {{"site", one.site}, {"time", print_time(one.time)}, {"id", one.id}};
}

int list(const command& given, const restic& repository, const std::string& site) {
  const auto all = repository.list(site);
  if (given.json) {
    json data = json::array();
    for (const auto& one : all) data.push_back(describe(one));
    return print(data.dump(2, ' ', true) + "\n");
  }
  std::vector<std::vector<std::string>> rows = {{"SITE", "TIME", "ID"}};
  for (const auto& one : all) rows.push_back({one.site, print_time(one.time), one.id.substr(0, 8)});
  return print(print_columns(rows));
}

// The sites that are named, or all that have a tree.
std::vector<ledger::site> choose_sites(const settings& settings, int root, const backup_options& asked) {
  std::vector<ledger::site> chosen;
  for (auto& row : ledger::read_sites(settings.state_dir)) {
    const bool is_named = std::ranges::find(asked.sites, row.name) != asked.sites.end();
    if (is_named || (asked.sites.empty() && has_tree(root, row.name))) chosen.push_back(std::move(row));
  }
  return chosen;
}

int save(const command& given, const settings& settings, const restic& repository, const backup_options& asked) {
  const auto root = open_root(settings);
  const auto sites = choose_sites(settings, root->get(), asked);
  for (const auto& name : asked.sites) {
    if (std::ranges::find(sites, name, &ledger::site::name) == sites.end()) return fail_no_site(name);
  }
  json failed = json::object();
  std::optional<progress> shown(std::in_place, given);
  std::size_t count = 0;
  for (const auto& row : sites) {
    shown->set_place(std::to_string(++count) + " of " + std::to_string(sites.size()) + ": ");
    try {
      const site_lock alone(settings, row.name, site_lock::if_busy::wait);
      const auto tree = open_tree(root->get(), row.name);
      const auto container = find_container(settings.docker.host, row.name);
      const auto file =
          std::move(pack_unnamed(settings, row, container, tree.get(), archive::compression::none, *shown).file);
      shown->begin(row.name + ": saving");
      if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("read", "the archive of " + row.name);
      repository.save(row.name, file.get());
    } catch (const std::exception& error) {
      shown.emplace(given);
      (void)fail(k_failed, row.name + ": not saved: " + error.what());
      failed[row.name] = error.what();
    }
  }
  shown->set_place("");
  shown->begin("forgetting old snapshots");
  repository.forget_old();
  shown.reset();
  const auto saved = sites.size() - failed.size();
  const auto message = std::to_string(saved) + " of " + std::to_string(sites.size()) + " sites saved";
  const json data = {{"saved", saved}, {"failed", failed}};
  return report(given, {failed.empty() ? control::failure::none : control::failure::internal, message,
                        data.dump(-1, ' ', true, json::error_handler_t::replace)});
}

// Unpacks the archive into a scratch folder and packs that again: content, kind and path of each file must be those of
// the manifest.
void compare_with_manifest(const settings& settings, const archive::contents& known, int file) {
  const auto folder_path = archives_folder(settings);
  const unique_fd folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw_errno("open", folder_path);
  const auto scratch = tree::verified_name(known.about.site);
  tree::remove_tree(folder.get(), scratch);
  if (::mkdirat(folder.get(), scratch.c_str(), 0700) != 0) throw_errno("create", scratch);
  try {
    const unique_fd tree = open_beneath(folder.get(), scratch.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!tree) throw_errno("open", scratch);
    archive::unpack(file, known, tree.get(), {.uid = known.about.uid});
    const auto again = open_unnamed(settings);
    if (write_archive(settings, known.about, tree.get(), again.get(), archive::compression::none).packed != known.files)
      throw std::runtime_error("the restored files differ from the manifest");
  } catch (...) {
    tree::remove_tree(folder.get(), scratch);
    throw;
  }
  tree::remove_tree(folder.get(), scratch);
}

int verify(const command& given, const settings& settings, const restic& repository, const backup_options& asked) {
  const auto all = repository.list(asked.sites.empty() ? "" : asked.sites.front());
  if (all.empty()) return fail(k_refused, "backup: there is no snapshot to verify");
  std::random_device random;
  const auto& any = all[std::uniform_int_distribution<std::size_t>(0, all.size() - 1)(random)];
  const auto& last = *std::ranges::find(all.rbegin(), all.rend(), any.site, &snapshot::site);
  const auto name = last.site + ": the backup of " + print_time(last.time);
  try {
    const auto file = open_unnamed(settings);
    repository.load(last, file.get());
    const auto known = archive::validate(file.get(), limits_of(settings));
    compare_with_manifest(settings, known, file.get());
    auto data = describe(last);
    data["files"] = known.files.size();
    return report(given, {control::failure::none,
                          name + ": verified: " + std::to_string(known.files.size()) + " entries restored and compared",
                          data.dump()});
  } catch (const std::exception& error) {
    return fail(k_failed, name + ": verification failed: " + error.what());
  }
}

int backup(const command& given, const backup_options& asked) {
  if (asked.init + asked.list + asked.verify > 1)
    return fail(k_usage, "backup: use only one of --init, --list and --verify");
  if ((asked.init && !asked.sites.empty()) || ((asked.list || asked.verify) && asked.sites.size() > 1))
    return fail(k_usage, "backup: --list and --verify take at most one site, --init takes none");
  const auto settings = load(given.common);
  const restic repository(settings);
  if (asked.init) {
    repository.init();
    return report(given, {control::failure::none, "repository " + settings.backup.repository + " created"});
  }
  if (asked.list) return list(given, repository, asked.sites.empty() ? "" : asked.sites.front());
  if (asked.verify) return verify(given, settings, repository, asked);
  return save(given, settings, repository, asked);
}

}  // namespace

void add_backup(subcommand& verb, command& given) {
  const auto options = std::make_shared<backup_options>();
  verb.add("SITE", options->sites, "Only these sites");
  verb.add_flag("--init", options->init, "Create the repository");
  verb.add_flag("--list", options->list, "List the snapshots");
  verb.add_flag("--verify", options->verify,
                "Restore the last snapshot of a random site to a scratch folder and compare");
  verb.runs(given, [&given, options] { return backup(given, *options); });
}

}  // namespace heberg::ctl
