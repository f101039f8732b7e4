// SPDX-License-Identifier: LGPL-2.1-or-later
// restore: a site out of one file, or out of the backup as it was at a date; or one path of it, beside what is there.
// A tree gets its name when it is whole; what fails leaves nothing.
#include "archive/paths.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "base/names.h"
#include "hebergctl/archive/certificate_names.h"
#include "hebergctl/archive/restic.h"
#include "hebergctl/archive/site_archive.h"
#include "hebergctl/container/site_container.h"
#include "hebergctl/print.h"
#include "hebergctl/site_lock.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "program/log.h"
#include "tree/remove_tree.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <variant>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

struct restore_options {
  std::string from;  // a file, or a site
  std::string as;
  std::string at;
  std::string path;
};

// What is restored from: an open archive, and how it is called in messages.
struct source {
  unique_fd file;
  std::string name;
  archive::contents known;
};

int restore_site(const command& given, const settings& settings, const source& from, const std::string& as,
                 std::optional<progress>& shown) {
  const auto& known = from.known;
  const auto site = as.empty() ? known.about.site : as;
  if (!is_site_name(site)) return fail(k_usage, site + " is no site's name");
  const site_lock alone(settings, site);
  const auto root = open_root(settings);
  if (has_tree(root->get(), site)) return fail(k_refused, site + ": a tree of that name is there: nothing was written");

  const auto reserved = reserve(given, settings, site, known.about.uid);
  if (const auto* code = std::get_if<int>(&reserved)) return *code;
  const auto uid = std::get<reservation>(reserved).uid;
  const auto is_new = std::get<reservation>(reserved).is_new;
  try {
    shown->begin(site + ": writing", known.bytes);
    write_tree(root->get(), from.file.get(), known, site, uid, {}, shown->counter());
    shown.reset();
  } catch (const std::exception& error) {
    shown.reset();
    if (is_new) forget_row(given, site);
    return fail(k_failed, from.name + ": " + error.what() + "; nothing is left of it");
  }
  // Under another name the host names are still the first one's: its container is the sysadmin's to make.
  const auto wanted = parse_specification(known.about.specification);
  const bool makes_container = wanted && as.empty() && explain_specification(*wanted).empty();
  try {
    // Before it has a container: no login slips in.
    if (known.about.is_locked) (void)ask(given, {"lock", site, known.about.lock_reason});
    if (makes_container && !find_container(settings.docker.host, site)) {
      run_container(
          settings.docker.host,
          {.site = site, .uid = uid, .www = settings.sites.host_root + "/" + site + "/www", .wanted = *wanted});
    }
  } catch (const std::exception& error) {
    wait_until_unclaimed(settings, site);
    remove_named_tree(root->get(), site);  // the archive has it
    if (is_new) forget_row(given, site);
    return fail(k_failed, from.name + ": its container cannot run: " + error.what() + "; nothing is left of it");
  }
  const auto missing =
      makes_container ? find_missing(settings.proxy.certs, known.about.certificates) : std::vector<std::string>();
  const json data = {{"site", site},
                     {"uid", uid},
                     {"files", known.files.size()},
                     {"container", makes_container},
                     {"missing_certificates", missing}};
  return report(given,
                {control::failure::none,
                 site + ": restored, uid " + std::to_string(uid) +
                     (makes_container ? "; its container runs" : "; give it a container: hebergctl create " + site) +
                     (missing.empty() ? "" : "; certificates that are not here: " + join_names(missing)),
                 data.dump()});
}

// Into the folder that it was in, under its name, or with ".restored" behind it where that is taken. Its path.
std::string place(int scratch, int tree, const std::string& path) {
  const auto parent = archive::parent_of(path);
  const auto name = archive::name_of(path);
  const unique_fd from = open_beneath(scratch, parent.empty() ? "." : parent.c_str(), O_PATH | O_DIRECTORY);
  if (!from) throw_errno("open", parent);
  const unique_fd to = open_beneath(tree, parent.empty() ? "." : parent.c_str(), O_PATH | O_DIRECTORY);
  if (!to) throw_errno("open", parent);
  for (const auto& free : {name, name + ".restored"}) {
    if (::renameat2(from.get(), name.c_str(), to.get(), free.c_str(), RENAME_NOREPLACE) == 0)
      return parent.empty() ? free : parent + "/" + free;
    if (errno != EEXIST) throw_errno("rename", path);
  }
  throw_errno(EEXIST, "rename", path + ".restored");
}

int restore_path(const command& given, const settings& settings, const source& from, const std::string& path,
                 std::optional<progress>& shown) {
  const auto& site = from.known.about.site;
  if (!archive::is_sound_path(path) || path.empty()) return fail(k_usage, path + " is no path in a site's tree");
  if (!from.known.files.contains(path)) return fail(k_refused, from.name + ": there is no " + path + " in it");
  const auto row = ledger::read_site(settings.state_dir, site);
  if (!row) return fail_no_site(site);
  const site_lock alone(settings, site);
  const auto root = open_root(settings);
  const auto tree = open_tree(root->get(), site);
  const auto scratch = beside_name(site);
  tree::remove_tree(root->get(), scratch);
  if (::mkdirat(root->get(), scratch.c_str(), 0700) != 0) throw_errno("make", scratch);
  std::string placed;
  try {
    const unique_fd folder = open_beneath(root->get(), scratch.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!folder) throw_errno("open", scratch);
    shown->begin(site + ": looking for it", from.known.bytes);
    archive::unpack(from.file.get(), from.known, folder.get(), {.uid = row->uid}, shown->counter());
    shown.reset();
    placed = place(folder.get(), tree.get(), path);
  } catch (...) {
    tree::remove_tree(root->get(), scratch);
    throw;
  }
  tree::remove_tree(root->get(), scratch);
  const json data = {{"site", site}, {"path", placed}};
  return report(given, {control::failure::none, site + ": " + path + " of " + from.name + " is at " + placed,
                        data.dump(-1, ' ', true, json::error_handler_t::replace)});
}

// Throws archive::bad_archive with its name.
source judge(const settings& settings, unique_fd file, std::string name, progress& shown) {
  shown.begin("judging the archive");
  try {
    auto known = archive::judge(file.get(), limits_of(settings), shown.counter());
    return {std::move(file), std::move(name), std::move(known)};
  } catch (const archive::bad_archive& error) {
    throw archive::bad_archive(name + ": " + error.what());
  }
}

std::variant<source, int> open_source(const settings& settings, const restore_options& asked, progress& shown) {
  if (asked.at.empty()) {
    unique_fd file(::open(asked.from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw_errno("open", asked.from);
    return judge(settings, std::move(file), asked.from, shown);
  }
  if (!is_site_name(asked.from)) return fail(k_usage, asked.from + " is no site's name; --at is for the backup");
  const auto at = parse_date(asked.at);
  if (!at)
    return fail(k_usage, "restore: --at wants \"latest\", a date as 2026-11-27, or with a time \"2026-11-27 14:00\"");
  const restic backup(settings);
  const auto found = choose_snapshot(backup.list(asked.from), *at);
  if (!found) return fail(k_refused, asked.from + ": the backup has nothing of it from then or before");
  auto file = open_unnamed(settings);
  backup.load(*found, file.get());
  auto from = judge(settings, std::move(file), "the backup of " + print_time(found->time), shown);
  if (from.known.about.site != asked.from) return fail(k_refused, from.name + " is not one of " + asked.from);
  return from;
}

int restore(const command& given, const restore_options& asked) {
  const auto settings = load(given.common);
  if (!asked.path.empty() && (asked.at.empty() || !asked.as.empty()))
    return fail(k_usage, "restore: --path goes with --at, and not with --as");
  try {
    std::optional<progress> shown(std::in_place, given);
    const auto from = open_source(settings, asked, *shown);
    if (const auto* code = std::get_if<int>(&from)) return *code;
    if (!asked.path.empty()) return restore_path(given, settings, std::get<source>(from), asked.path, shown);
    return restore_site(given, settings, std::get<source>(from), asked.as, shown);
  } catch (const archive::bad_archive& error) {
    return fail(k_refused, error.what());
  }
}

}  // namespace

void add_restore(subcommand& verb, command& given) {
  const auto options = std::make_shared<restore_options>();
  verb.add("FILE|SITE", options->from, "The archive; with --at: the site").required();
  verb.add("--as", options->as, "Restore under another name, without a container").type("NAME");
  verb.add("--at", options->at, "From the backup, as of: latest, 2026-11-27, \"2026-11-27 14:00\"").type("DATE");
  verb.add("--path", options->path, "Only this file or folder, into the existing tree").type("PATH");
  verb.runs(given, [&given, options] { return restore(given, *options); });
}

}  // namespace heberg::ctl
