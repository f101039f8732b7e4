// SPDX-License-Identifier: LGPL-2.1-or-later
// restore: a site from an archive, or from the backup as of a date; or one path of it, into the existing tree. A tree
// gets its name when it is complete; a restore that fails leaves nothing.
#include "archive/paths.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "base/names.h"
#include "hebergctl/archive/certificate_names.h"
#include "hebergctl/archive/own_archives.h"
#include "hebergctl/archive/restic.h"
#include "hebergctl/archive/site_archive.h"
#include "hebergctl/container/site_container.h"
#include "hebergctl/print.h"
#include "hebergctl/site_lock.h"
#include "hebergctl/site_name.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "program/log.h"
#include "tree/layout.h"
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
  bool start = false;
};

// An open archive, and its name in messages.
struct source {
  unique_fd file;
  std::string name;
  archive::contents known;
  bool is_own = false;  // this host made it
};

// Whether the archive's container is created, and what is said where it is not.
struct container_plan {
  std::optional<specification> wanted;  // valid, and to be created
  std::string why_not;
};

container_plan plan_container(const source& from, const restore_options& asked) {
  const auto& text = from.known.about.specification;
  const auto wanted = parse_specification(text);
  // Under another name, the host names would still be those of the first site: the administrator creates its container.
  if (text.empty() || !asked.as.empty()) return {};
  if (!wanted) return {{}, "the specification of its container is invalid"};
  if (const auto why = explain_specification(*wanted); !why.empty())
    return {{}, "the specification of its container is refused: " + why};
  if (from.is_own || asked.start) return {wanted, {}};
  return {{},
          "this host did not make the archive, which names image " + escape_line(wanted->image) + " and host names " +
              escape_line(join_names(wanted->hosts)) + " (\"restore --start\" would have created that container)"};
}

int restore_site(const command& given, const settings& settings, const source& from, const restore_options& asked,
                 std::optional<progress>& shown) {
  const auto& known = from.known;
  const auto site = asked.as.empty() ? known.about.site : asked.as;
  if (!is_site_name(site)) return fail(k_usage, explain_invalid_name(site));
  const site_lock alone(settings, site);
  const auto root = open_root(settings);
  if (has_tree(root->get(), site)) return fail(k_refused, site + ": not restored: a tree of that name exists already");

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
    return fail(k_failed, from.name + ": " + error.what() + "; nothing was restored");
  }
  const auto [wanted, why_not] = plan_container(from, asked);
  const bool makes_container = wanted.has_value();
  try {
    // Before it has a container, so that no login is possible in between.
    if (known.about.is_locked) (void)ask(given, {"lock", site, known.about.lock_reason});
    if (makes_container && !find_container(settings.docker.host, site)) {
      run_container(
          settings.docker.host,
          {.site = site, .uid = uid, .www = tree::www_path(settings.sites.host_root, site), .wanted = *wanted});
    }
  } catch (const std::exception& error) {
    wait_until_missing(settings, site);
    remove_named_tree(root->get(), site);  // the archive has it
    if (is_new) forget_row(given, site);
    return fail(k_failed, from.name + ": cannot start its container: " + error.what() + "; nothing was restored");
  }
  const auto missing =
      makes_container ? find_missing(settings.proxy.certs, known.about.certificates) : std::vector<std::string>();
  const json data = {{"site", site},
                     {"uid", uid},
                     {"files", known.files.size()},
                     {"container", makes_container},
                     {"container_problem", why_not},
                     {"missing_certificates", missing}};
  return report(given, {control::failure::none,
                        site + ": restored, UID " + std::to_string(uid) +
                            (makes_container ? "; its container is running"
                                             : "; create its container with \"hebergctl create " + site +
                                                   " --host NAME\"" + (why_not.empty() ? "" : ": " + why_not)) +
                            (missing.empty() ? "" : "; certificates missing on this host: " + join_names(missing)),
                        data.dump()});
}

// Into the folder that it was in, under its name, or with ".restored" appended where that exists. Returns its path.
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
  if (!archive::is_valid_path(path) || path.empty())
    return fail(k_usage,
                "restore: invalid --path \"" + path + "\": use a path in the site's tree, such as www/index.php");
  if (!from.known.files.contains(path)) return fail(k_refused, from.name + ": no such file or folder: " + path);
  const auto row = ledger::read_site(settings.state_dir, site);
  if (!row) return fail_no_site(site);
  const site_lock alone(settings, site);
  const auto root = open_root(settings);
  const auto tree = open_tree(root->get(), site);
  const auto scratch = tree::restored_name(site);
  tree::remove_tree(root->get(), scratch);
  if (::mkdirat(root->get(), scratch.c_str(), 0700) != 0) throw_errno("create", scratch);
  std::string placed;
  try {
    const unique_fd folder = open_beneath(root->get(), scratch.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!folder) throw_errno("open", scratch);
    shown->begin(site + ": unpacking", from.known.bytes);
    archive::unpack(from.file.get(), from.known, folder.get(), {.uid = row->uid}, shown->counter());
    shown.reset();
    placed = place(folder.get(), tree.get(), path);
  } catch (...) {
    tree::remove_tree(root->get(), scratch);
    throw;
  }
  tree::remove_tree(root->get(), scratch);
  const json data = {{"site", site}, {"path", placed}};
  return report(given, {control::failure::none, site + ": " + path + " of " + from.name + " restored to " + placed,
                        data.dump(-1, ' ', true, json::error_handler_t::replace)});
}

// Throws archive::bad_archive with its name.
source validate(const settings& settings, unique_fd file, std::string name, progress& shown) {
  shown.begin("validating the archive");
  try {
    auto known = archive::validate(file.get(), limits_of(settings), shown.counter());
    const bool is_own = is_own_archive(settings, known);
    return {std::move(file), std::move(name), std::move(known), is_own};
  } catch (const archive::bad_archive& error) {
    throw archive::bad_archive(name + ": " + error.what());
  }
}

std::variant<source, int> open_source(const settings& settings, const restore_options& asked, progress& shown) {
  if (asked.at.empty()) {
    unique_fd file(::open(asked.from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw_errno("open", asked.from);
    return validate(settings, std::move(file), asked.from, shown);
  }
  if (!is_site_name(asked.from))
    return fail(k_usage, explain_invalid_name(asked.from) + " (--at restores from the backup)");
  const auto at = parse_date(asked.at);
  if (!at)
    return fail(k_usage, "restore: invalid --at \"" + asked.at + "\": use latest, 2026-11-27 or \"2026-11-27 14:00\"");
  const restic backup(settings);
  const auto found = choose_snapshot(backup.list(asked.from), *at);
  if (!found) return fail(k_refused, asked.from + ": the backup has no snapshot of this site at or before that date");
  auto file = open_unnamed(settings);
  backup.load(*found, file.get());
  auto from = validate(settings, std::move(file), "the backup of " + print_time(found->time), shown);
  if (from.known.about.site != asked.from)
    return fail(k_refused, from.name + ": contains site " + from.known.about.site + ", not " + asked.from);
  from.is_own = true;  // the repository's password is this host's
  return from;
}

int restore(const command& given, const restore_options& asked) {
  const auto settings = load(given.common);
  if (!asked.path.empty() && (asked.at.empty() || !asked.as.empty()))
    return fail(k_usage, "restore: --path needs --at, and cannot be used with --as");
  if (asked.start && (!asked.as.empty() || !asked.path.empty()))
    return fail(k_usage, "restore: --start cannot be used with --as or --path");
  try {
    std::optional<progress> shown(std::in_place, given);
    const auto from = open_source(settings, asked, *shown);
    if (const auto* code = std::get_if<int>(&from)) return *code;
    if (!asked.path.empty()) return restore_path(given, settings, std::get<source>(from), asked.path, shown);
    return restore_site(given, settings, std::get<source>(from), asked, shown);
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
  verb.add_flag("--start", options->start,
                "Create the archive's container also where this host did not make the archive");
  verb.runs(given, [&given, options] { return restore(given, *options); });
}

}  // namespace heberg::ctl
