// SPDX-License-Identifier: LGPL-2.1-or-later
// receive: one step of a move to this host, as mover.cpp on the other host asks for it. Each step may be repeated.
//   begin   reserve the site and make a folder for its tree, under a name that no site can have
//   sum     the checksum of that tree
//   finish  give the tree its name, and start the site
//   drop    forget the move, and remove that tree
//   forget  the same, and the reservation
// finish leaves the token of the move in the tree: if the connection is lost, the other host learns from it whether the
// site has arrived.
#include "archive/manifest.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "base/names.h"
#include "hebergctl/archive/certificate_names.h"
#include "hebergctl/archive/site_archive.h"
#include "hebergctl/container/site_container.h"
#include "hebergctl/move/move_steps.h"
#include "hebergctl/site_name.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "tree/layout.h"
#include "tree/remove_tree.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <utility>
#include <variant>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

constexpr char k_mark[] = "moved";  // its content: the move's token

struct receive_options {
  std::string site;
  std::string step;
  std::string token;
  std::string run;
};

std::string note_name(const std::string& site) {
  return site + ".awaited";
}

int refuse(const command& given, const std::string& why) {
  return report(given, {control::failure::refused, why});
}

int done(const command& given, const std::string& message, const json& data) {
  return report(given, {control::failure::none, message, data.dump()});
}

std::string read_mark(int tree) {
  const unique_fd secrets = open_beneath(tree, tree::k_secrets_folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const unique_fd file(secrets ? ::openat(secrets.get(), k_mark, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1);
  std::array<char, 128> text{};
  const auto count = file ? ::read(file.get(), text.data(), text.size()) : -1;
  return count < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(count));
}

void write_mark(int tree, const std::string& token) {
  const unique_fd secrets = open_beneath(tree, tree::k_secrets_folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!secrets) throw_errno("open", tree::k_secrets_folder);
  if (::unlinkat(secrets.get(), k_mark, 0) != 0 && errno != ENOENT) throw_errno("remove", k_mark);
  const unique_fd file(::openat(secrets.get(), k_mark, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || ::write(file.get(), token.data(), token.size()) != static_cast<ssize_t>(token.size()) ||
      ::fsync(file.get()) != 0)
    throw_errno("write", k_mark);
}

// The last run of the move that has sent "begin".
std::string read_run(const settings& settings, const std::string& site) {
  std::ifstream file(move_file(settings, note_name(site)));
  std::string run;
  std::getline(file, run);
  return run;
}

bool has_arrived(int root, const receive_options& asked) {
  if (!has_tree(root, asked.site)) return false;
  return read_mark(open_tree(root, asked.site).get()) == asked.token;
}

int begin(const command& given, const settings& settings, int root, const receive_options& asked,
          const archive::head& about) {
  if (has_arrived(root, asked)) return done(given, asked.site + ": has arrived", {{"state", "here"}});
  write_move_file(settings, note_name(asked.site), asked.run);  // later steps of an earlier run are refused
  if (has_tree(root, asked.site)) return refuse(given, asked.site + ": a tree of that name exists already");
  if (find_container(settings.docker.host, asked.site))
    return refuse(given, asked.site + ": a container of that name exists already");
  const auto reserved = reserve(given, settings, asked.site, about.uid);
  if (const auto* code = std::get_if<int>(&reserved)) return *code;
  const auto incoming = tree::incoming_name(asked.site);
  if (::mkdirat(root, incoming.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("create", incoming);
  return done(given, asked.site + ": is expected",
              {{"state", "ready"},
               {"uid", std::get<reservation>(reserved).uid},
               {"new", std::get<reservation>(reserved).is_new}});
}

int report_sum(const command& given, int root, const receive_options& asked, const archive::head& about) {
  const auto tree = open_tree(root, tree::incoming_name(asked.site));
  const auto sum = sum_of(about, tree.get());
  return done(given, asked.site + ": checksum computed", {{"sum", sum.text}, {"files", sum.files}});
}

void start(const settings& settings, const std::string& site, std::uint32_t uid, const archive::head& about) {
  const auto wanted = parse_specification(about.specification);
  if (!wanted) return;
  if (const auto present = find_container(settings.docker.host, site)) {
    if (!present->is_ours) throw std::runtime_error("a container of that name exists already");
    if (!present->runs)
      start_container(settings.docker.host, present->id);  // an earlier step was interrupted before the start
    return;
  }
  if (const auto why = explain_specification(*wanted); !why.empty()) throw std::runtime_error(why);
  run_container(settings.docker.host,
                {.site = site, .uid = uid, .www = tree::www_path(settings.sites.host_root, site), .wanted = *wanted});
}

int finish(const command& given, const settings& settings, int root, const receive_options& asked,
           const archive::head& about) {
  const auto row = ledger::read_site(settings.state_dir, asked.site);
  if (!row) return refuse(given, asked.site + ": is not expected on this host");
  const auto incoming = tree::incoming_name(asked.site);
  const bool is_here = has_arrived(root, asked);
  if (!is_here) {
    // That run has ended, and the site runs on the other host.
    if (read_run(settings, asked.site) != asked.run)
      return refuse(given, asked.site + ": another run of this move has begun");
    try {
      const auto tree = open_tree(root, incoming);
      write_mark(tree.get(), asked.token);
      if (::syncfs(tree.get()) != 0) throw_errno("sync", incoming);
      if (::renameat2(root, incoming.c_str(), root, asked.site.c_str(), RENAME_NOREPLACE) != 0)
        throw_errno("rename to", asked.site);
    } catch (const std::exception& error) {
      return refuse(given, asked.site + ": " + error.what());  // the tree has no name yet: nothing has changed
    }
  }
  try {
    // Before it has a container, so that no login is possible in between.
    const auto locked =
        about.is_locked ? ask(given, {"lock", asked.site, about.lock_reason}) : ask(given, {"unlock", asked.site});
    if (!locked || locked->error != control::failure::none)
      throw std::runtime_error(locked ? locked->message : "heberg-syncd does not answer");
    start(settings, asked.site, row->uid, about);
  } catch (const std::exception& error) {
    // Started by an earlier step whose reply was lost: the tree of a running site stays. This is no reply, so that the
    // other host does not start the site.
    const auto present = find_container(settings.docker.host, asked.site);
    if (present && present->runs) throw;
    if (present && present->is_ours) remove_container(settings.docker.host, present->id);
    wait_until_missing(settings, asked.site);
    if (::renameat2(root, asked.site.c_str(), root, incoming.c_str(), RENAME_NOREPLACE) != 0)
      throw_errno("rename", asked.site);
    return refuse(given, asked.site + ": " + error.what());
  }
  remove_move_file(settings, note_name(asked.site));
  return done(given, asked.site + ": has arrived, UID " + std::to_string(row->uid),
              {{"uid", row->uid}, {"missing_certificates", find_missing(settings.proxy.certs, about.certificates)}});
}

int drop(const command& given, const settings& settings, int root, const receive_options& asked) {
  if (has_arrived(root, asked)) return refuse(given, asked.site + ": has already arrived");
  remove_move_file(settings, note_name(asked.site));
  tree::remove_tree(root, tree::incoming_name(asked.site));
  if (asked.step == "forget" && !has_tree(root, asked.site)) forget_row(given, asked.site);
  return done(given, asked.site + ": is no longer expected", json::object());
}

int receive(const command& given, const receive_options& asked) {
  if (!is_site_name(asked.site)) return fail(k_usage, explain_invalid_name(asked.site));
  const auto settings = load(given.common);
  const auto root = open_root(settings);
  // One step at a time: the last one may still run after its connection was lost.
  while (::flock(root->get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw_errno("lock", settings.sites.root);
  }
  if (asked.step == "drop" || asked.step == "forget") return drop(given, settings, root->get(), asked);
  const auto about = archive::parse_head(read_input());
  if (!about || about->site != asked.site)
    return fail(k_usage, "receive: no valid description of site " + asked.site + " on standard input");
  if (asked.step == "begin") return begin(given, settings, root->get(), asked, *about);
  if (asked.step == "sum") return report_sum(given, root->get(), asked, *about);
  return finish(given, settings, root->get(), asked, *about);
}

}  // namespace

void add_receive(subcommand& verb, command& given) {
  const auto options = std::make_shared<receive_options>();
  verb.add("SITE", options->site).required();
  verb.add("STEP", options->step).required().one_of({"begin", "sum", "finish", "drop", "forget"});
  verb.add("TOKEN", options->token).required();
  verb.add("RUN", options->run).required();
  verb.runs(given, [&given, options] { return receive(given, *options); });
}

}  // namespace heberg::ctl
