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

bool exists(int folder, const std::string& name) {
  struct stat ignored {};
  return ::fstatat(folder, name.c_str(), &ignored, AT_SYMLINK_NOFOLLOW) == 0;
}

// Holds a site's container still while its files are read: paused, or stopped. Its end lets it run again.
class held_container {
 public:
  held_container(std::string engine, const present_container& container, bool is_stopped)
      : engine_(std::move(engine)), id_(container.id), is_stopped_(is_stopped), is_held_(container.runs) {
    if (is_held_) hold_container(engine_, id_, is_stopped_ ? hold::stop : hold::pause);
  }
  held_container(const held_container&) = delete;
  held_container& operator=(const held_container&) = delete;
  ~held_container() {
    try {
      release();
    } catch (const std::exception& error) {
      (void)fail(k_failed, error.what());
    }
  }
  void release() {
    if (std::exchange(is_held_, false)) release_container(engine_, id_, is_stopped_ ? hold::stop : hold::pause);
  }
  void forget() { is_held_ = false; }  // it is no more

 private:
  std::string engine_;
  std::string id_;
  bool is_stopped_;
  bool is_held_;
};

// Written beside its place, synced, read back against what was packed, and only then given its name. For root alone: it
// holds the site's password.
archive::pack_result write_archive(const archive::head& about, int tree, const std::string& path) {
  const auto part = path + ".part";
  const unique_fd file(::open(part.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || ::fchmod(file.get(), 0600) != 0) throw_errno("make", part);
  try {
    auto result = archive::pack(about, tree, file.get());
    if (::fsync(file.get()) != 0) throw_errno("fsync", part);
    const archive::limits any{.entries = UINT64_MAX, .bytes = UINT64_MAX, .names = UINT64_MAX};
    if (archive::judge(file.get(), any).files != result.packed)
      throw std::runtime_error(part + ": read back, it is not what was packed");
    if (::rename(part.c_str(), path.c_str()) != 0) throw_errno("rename", part);
    return result;
  } catch (...) {
    ::unlink(part.c_str());
    throw;
  }
}

std::string default_output(const settings& settings, const std::string& site) {
  const auto folder = settings.state_dir + "/archives";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("make", folder);
  return folder + "/" + site + ".tar.zst";
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
  if (asked.output.empty()) asked.output = default_output(settings, asked.site);

  const archive::head about{.site = row->name,
                            .uid = row->uid,
                            .is_locked = row->is_locked(),
                            .lock_reason = row->lock_reason,
                            .specification = container && container->wanted ? to_text(*container->wanted) : ""};
  archive::pack_result result;
  if (container) {
    held_container held(settings.docker.host, *container, asked.stop || asked.remove);
    result = write_archive(about, tree.get(), asked.output);
    if (asked.remove) {
      remove_container(settings.docker.host, container->id);
      held.forget();
    }
    held.release();
  } else {
    result = write_archive(about, tree.get(), asked.output);
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

// The row, with the archive's UID where that is free; tells whether it is new.
struct reservation {
  std::uint32_t uid = 0;
  bool is_new = false;
};

std::variant<reservation, int> reserve(const command& given, const settings& settings, const std::string& site,
                                       std::uint32_t uid) {
  if (const auto known = ledger::read_site(settings.state_dir, site)) return reservation{known->uid, false};
  const auto reply = ask(given, {"reserve", site, "", {"uid", std::to_string(uid)}});
  if (!reply) return k_no_syncd;
  if (reply->error != control::failure::none) return report(given, *reply);
  const auto made = ledger::read_site(settings.state_dir, site);
  if (!made) return fail(k_failed, site + ": reserved, but not in this ledger: is --config the daemon's?");
  return reservation{made->uid, true};
}

// The tree, whole, under a name of its own first.
void write_tree(int root, int file, const archive::contents& known, const std::string& site, std::uint32_t uid) {
  const auto beside = "." + site + ".restore";
  syncd::remove_tree(root, beside);  // of one that was interrupted
  if (::mkdirat(root, beside.c_str(), 0700) != 0) throw_errno("make", beside);
  try {
    const unique_fd folder = open_beneath(root, beside.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!folder) throw_errno("open", beside);
    archive::unpack(file, known, folder.get(), {.uid = uid});
    if (::syncfs(folder.get()) != 0) throw_errno("sync", beside);
    if (::renameat2(root, beside.c_str(), root, site.c_str(), RENAME_NOREPLACE) != 0) throw_errno("rename to", site);
  } catch (...) {
    syncd::remove_tree(root, beside);
    throw;
  }
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
  if (exists(root->get(), site)) return fail(k_refused, site + ": a tree of that name is there: nothing was written");

  const auto reserved = reserve(given, settings, site, known.about.uid);
  if (const auto* code = std::get_if<int>(&reserved)) return *code;
  const auto [uid, is_new] = std::get<reservation>(reserved);
  try {
    write_tree(root->get(), file.get(), known, site, uid);
  } catch (const std::exception& error) {
    if (is_new) (void)ask(given, {"purge", site});
    return fail(k_failed, asked.file + ": " + error.what() + "; nothing is left of it");
  }
  if (known.about.is_locked) (void)ask(given, {"lock", site, known.about.lock_reason});

  // Under another name the host names are still the first one's: its container is the sysadmin's to make.
  const auto wanted = parse_specification(known.about.specification);
  const bool makes_container = wanted && asked.as.empty() && explain_specification(*wanted).empty();
  if (makes_container && !find_container(settings.docker.host, site)) {
    run_container(settings.docker.host,
                  {.site = site, .uid = uid, .www = settings.sites.host_root + "/" + site + "/www", .wanted = *wanted});
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
