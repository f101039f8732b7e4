// SPDX-License-Identifier: LGPL-2.1-or-later
// A site in one file: archive, restore. At every moment the site is whole in at least one place: an archive counts when
// it has its name, after it was read back; a tree is moved aside only then; a restored one gets its name when it is
// whole.
#include "archive/pack.h"
#include "archive/unpack.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "base/names.h"
#include "hebergctl/command.h"
#include "hebergctl/held_container.h"
#include "hebergctl/site_archive.h"
#include "hebergctl/site_container.h"
#include "hebergctl/trees.h"
#include "ledger/ledger.h"
#include "program/log.h"
#include "syncd/remove_tree.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>
#include <variant>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

struct archive_words {
  std::string site;
  std::string output;
  bool stop = false;
  bool remove = false;
};

struct restore_words {
  std::string file;
  std::string as;
};

// Written beside its place, and only then given its name. For root alone: it holds the site's password.
archive::pack_result write_named_archive(const archive::head& about, int tree, const std::string& path) {
  const auto part = path + ".part";
  const unique_fd file(::open(part.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || ::fchmod(file.get(), 0600) != 0) throw_errno("make", part);
  try {
    auto result = write_archive(about, tree, file.get());
    if (::rename(part.c_str(), path.c_str()) != 0) throw_errno("rename", part);
    return result;
  } catch (...) {
    ::unlink(part.c_str());
    throw;
  }
}

// The tree out of the way, its files not yet gone: NAME is free for a restore, and a mistake can be mended.
void move_aside(int root, const std::string& site) {
  const auto aside = "." + site + ".archived";
  syncd::remove_tree(root, aside);
  if (::renameat2(root, site.c_str(), root, aside.c_str(), RENAME_NOREPLACE) != 0) throw_errno("rename", site);
}

int pack_site(const command& given, archive_words asked) {
  const auto settings = load(given.common);
  const auto row = ledger::read_site(settings.state_dir, asked.site);
  if (!row) return fail_no_site(asked.site);
  const auto container = find_container(settings.docker.host, asked.site);
  if (asked.remove && container && !container->is_ours)
    return fail(k_refused, asked.site + ": its container was not made by hebergctl: remove it first");
  const auto root = open_root(settings);
  const unique_fd tree = open_beneath(root->get(), asked.site.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!tree) throw_errno("open the tree of", asked.site);
  if (asked.output.empty()) asked.output = archives_folder(settings) + "/" + asked.site + ".tar.zst";

  const auto about = describe_site(*row, container);
  archive::pack_result result;
  if (container) {
    held_container held(settings.docker.host, *container, asked.stop || asked.remove ? hold::stop : hold::pause);
    result = write_named_archive(about, tree.get(), asked.output);
    if (asked.remove) {
      held.forget();
      remove_container(settings.docker.host, container->id);
    }
    held.release();
  } else {
    result = write_named_archive(about, tree.get(), asked.output);
  }
  if (asked.remove) move_aside(root->get(), asked.site);
  for (const auto& [path, why] : result.left_out)
    std::fprintf(stderr, "hebergctl: left out: %s: %s\n", escape_line(path).c_str(), why.c_str());
  const json data = {{"file", asked.output},
                     {"files", result.packed.size()},
                     {"bytes", result.bytes},
                     {"left_out", result.left_out.size()}};
  return report(given, {control::failure::none,
                        asked.site + ": archived to " + asked.output + ", " + std::to_string(result.packed.size()) +
                            " entries" + (asked.remove ? "; the site is removed" : ""),
                        data.dump(-1, ' ', true, json::error_handler_t::replace)});
}

int restore_site(const command& given, const restore_words& asked) {
  const auto settings = load(given.common);
  const unique_fd file(::open(asked.file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw_errno("open", asked.file);
  archive::contents known;
  try {
    known = archive::judge(file.get(), {});
  } catch (const archive::bad_archive& error) {
    return fail(k_refused, asked.file + ": " + error.what());
  }
  const auto site = asked.as.empty() ? known.about.site : asked.as;
  if (!is_site_name(site)) return fail(k_usage, site + " is no site's name");
  const auto root = open_root(settings);
  if (has_tree(root->get(), site)) return fail(k_refused, site + ": a tree of that name is there: nothing was written");

  const auto reserved = reserve(given, settings, site, known.about.uid);
  if (const auto* code = std::get_if<int>(&reserved)) return *code;
  const auto uid = std::get<reservation>(reserved).uid;
  const auto is_new = std::get<reservation>(reserved).is_new;
  try {
    write_tree(root->get(), file.get(), known, site, uid);
  } catch (const std::exception& error) {
    if (is_new) forget_row(given, site);
    return fail(k_failed, asked.file + ": " + error.what() + "; nothing is left of it");
  }
  // Under another name the host names are still the first one's: its container is the sysadmin's to make.
  const auto wanted = parse_specification(known.about.specification);
  const bool makes_container = wanted && asked.as.empty() && explain_specification(*wanted).empty();
  try {
    // Before it has a container: no login slips in.
    if (known.about.is_locked) (void)ask(given, {"lock", site, known.about.lock_reason});
    if (makes_container && !find_container(settings.docker.host, site)) {
      run_container(
          settings.docker.host,
          {.site = site, .uid = uid, .www = settings.sites.host_root + "/" + site + "/www", .wanted = *wanted});
    }
  } catch (const std::exception& error) {
    remove_named_tree(root->get(), site);  // the archive has it
    if (is_new) forget_row(given, site);
    return fail(k_failed, asked.file + ": its container cannot run: " + error.what() + "; nothing is left of it");
  }
  const json data = {{"site", site}, {"uid", uid}, {"files", known.files.size()}, {"container", makes_container}};
  return report(given,
                {control::failure::none,
                 site + ": restored, uid " + std::to_string(uid) +
                     (makes_container ? "; its container runs" : "; give it a container: hebergctl create " + site),
                 data.dump()});
}

}  // namespace

void add_archive_verbs(CLI::App& app, command& given) {
  const auto archived = std::make_shared<archive_words>();
  auto* pack = app.add_subcommand("archive", "Pack a site into one file: tree, account, container's specification");
  pack->add_option("SITE", archived->site)->required();
  pack->add_option("--output", archived->output, "Where to; default: SITE.tar.zst in archives/ of the state folder")
      ->type_name("FILE");
  pack->add_flag("--stop", archived->stop, "Stop its container meanwhile, instead of pausing it");
  pack->add_flag("--remove", archived->remove, "Then remove container and account, and move the tree aside");
  pack->callback([&given, archived] { given.run = [&given, archived] { return pack_site(given, *archived); }; });

  const auto restored = std::make_shared<restore_words>();
  auto* unpack = app.add_subcommand("restore", "Bring a site back from its archive");
  unpack->add_option("FILE", restored->file)->required();
  unpack->add_option("--as", restored->as, "Under another name, without a container")->type_name("NAME");
  unpack->callback([&given, restored] { given.run = [&given, restored] { return restore_site(given, *restored); }; });
}

}  // namespace heberg::ctl
