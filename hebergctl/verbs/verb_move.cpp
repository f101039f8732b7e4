// SPDX-License-Identifier: LGPL-2.1-or-later
// move: a site to another host. Its tree is copied while it runs, once more while it stands still, and compared; there
// it gets its account and its container; then it is retired here. It never runs in two places: before the other host is
// told to start it, its container here is stopped for good, and stays so until it is known what became of that. What
// was interrupted goes on with the same command: a note in the state folder says whose move it is and what the site
// was.
#include "base/errors.h"
#include "digest/sha256.h"
#include "hebergctl/archive/certificate_names.h"
#include "hebergctl/archive/site_archive.h"
#include "hebergctl/check/log_progress.h"
#include "hebergctl/container/held_container.h"
#include "hebergctl/container/site_container.h"
#include "hebergctl/move/move_steps.h"
#include "hebergctl/move/remote_host.h"
#include "hebergctl/run_program.h"
#include "hebergctl/site_lock.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"

#include <nlohmann/json.hpp>

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;
using clock = std::chrono::steady_clock;

constexpr int k_rsync_vanished = 24;  // rsync(1): files went while it read; what came is compared in the end
constexpr int k_copies_max = 3;       // while it stands still; syncd may write a last line of its log meanwhile

struct move_options {
  std::string site;
  std::string host;
  std::string ssh = "ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15";
  std::string command = "hebergctl";
  bool cancel = false;
};

// What is known of a move that was begun.
struct move_note {
  std::string host;
  std::string token;
  archive::head about;  // as the site was before: its lock is ours meanwhile
  bool runs = false;    // so did its container
  bool is_new = false;  // the other host did not know it
};

std::string note_name(const std::string& site) {
  return site + ".json";
}

std::optional<move_note> read_note(const settings& settings, const std::string& site) {
  const auto path = move_file(settings, note_name(site));
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto field = [&](const char* key) {
    return document.is_object() && document.contains(key) && document[key].is_string()
               ? document[key].get<std::string>()
               : std::string();
  };
  const auto about = archive::parse_head(field("about"));
  if (!about || field("token").empty()) throw std::runtime_error(path + " makes no sense");
  return move_note{.host = field("host"),
                   .token = field("token"),
                   .about = *about,
                   .runs = document.value("runs", false),
                   .is_new = document.value("new", false)};
}

std::string make_token() {
  sha256_sum bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) throw_errno("read", "random");
  return to_hex(bytes);
}

void write_note(const settings& settings, const std::string& site, const move_note& note) {
  const json document = {{"host", note.host},
                         {"token", note.token},
                         {"about", archive::to_text(note.about)},
                         {"runs", note.runs},
                         {"new", note.is_new}};
  write_move_file(settings, note_name(site), document.dump(-1, ' ', true, json::error_handler_t::replace) + "\n");
}

class mover {
 public:
  mover(const command& given, const move_options& asked, const settings& settings, const tree::shared_fd& root,
        const ledger::site& row, move_note note)
      : given_(given),
        settings_(settings),
        root_(root),
        row_(row),
        note_(std::move(note)),
        there_(note_.host, asked.ssh, asked.command) {}

  int move() {
    const auto reply = ask("begin");
    if (reply.is_done && text_field(reply.data, "state") == "here") return finish_again();
    if (reply.data.empty() && stands_still()) throw lost_link(explain_unknown(reply.message));
    if (!reply.data.empty()) go_on();  // it has not come: what a run before this one has stopped goes on
    if (!reply.is_done) return refuse("", reply);
    const auto uid = number(reply.data, "uid");
    if (tells_true(reply.data, "new")) {
      note_.is_new = true;
      write_note(settings_, site(), note_);
    }
    tell("copied while it runs");
    copy(uid);
    const auto start = clock::now();
    std::optional<held_container> held;
    try {
      tell("stands still; copied once more and compared");
      stand_still(held);
      copy_the_last(uid);
    } catch (...) {
      if (held) held->release();
      go_on();
      throw;
    }
    if (held) held->forget();
    return finish(start);
  }

  int cancel() {
    const auto reply = ask(note_.is_new ? "forget" : "drop");
    if (!reply.is_done) return refuse("", reply);
    go_on();
    remove_move_file(settings_, note_name(site()));
    return report(given_, {control::failure::none, site() + ": stays here"});
  }

 private:
  [[nodiscard]] const std::string& site() const { return row_.name; }

  remote_reply ask(const std::string& step) {
    try {
      return there_.ask("receive " + site() + " " + step + " " + note_.token + " " + run_,
                        archive::to_text(note_.about));
    } catch (const lost_link& error) {
      if (step != "finish" && !stands_still()) throw;
      throw lost_link(explain_unknown(error.what()));
    }
  }

  // Its container was stopped by a run before this one, and does not go on.
  [[nodiscard]] bool stands_still() const {
    const auto container = find_container(settings_.docker.host, site());
    return note_.runs && container && !container->runs;
  }

  [[nodiscard]] std::string explain_unknown(const std::string& why) const {
    return site() + ": whether it runs on " + note_.host +
           " is not known; it stands still here: run the same command again. " + why;
  }

  // That step was begun by a run before this one, and its answer lost: it may have ended in the middle.
  int finish_again() {
    std::optional<held_container> held;
    stand_still(held);
    if (held) held->forget();
    return finish({});
  }

  // since: when it began to stand still, where that was now.
  int finish(std::optional<clock::time_point> since) {
    const auto reply = ask("finish");
    if (reply.data.empty()) throw lost_link(explain_unknown(reply.message));
    if (!reply.is_done) {
      go_on();
      return refuse("it runs here as before; ", reply);
    }
    missing_ = list_missing(reply.data);
    std::optional<std::chrono::duration<double>> down;
    if (since) down = clock::now() - *since;
    return retire(down);
  }

  int refuse(const std::string& state, const remote_reply& reply) {
    return fail(k_refused, site() + ": not moved: " + state + note_.host + ": " + reply.message);
  }

  static std::uint32_t number(const std::string& data, const char* key) {
    const auto document = json::parse(data, nullptr, false);
    if (!document.is_object() || !document.contains(key) || !document[key].is_number_unsigned())
      throw std::runtime_error("the other host's answer makes no sense");
    return document[key].get<std::uint32_t>();
  }

  static std::vector<std::string> list_missing(const std::string& data) {
    std::vector<std::string> names;
    const auto document = json::parse(data, nullptr, false);
    if (!document.is_object() || !document.contains("missing_certificates")) return names;
    for (const auto& name : document["missing_certificates"]) {
      if (name.is_string() && archive::is_certificate_name(name.get_ref<const std::string&>())) names.push_back(name);
    }
    return names;
  }

  static bool tells_true(const std::string& data, const char* key) {
    const auto document = json::parse(data, nullptr, false);
    return document.is_object() && document.contains(key) && document[key] == true;
  }

  // Owners other than the site's stay as they are; no device, no attribute but the users' own.
  void copy(std::uint32_t uid_there) const {
    std::vector<std::string> words = {"/proc/self/exe"};
    if (given_.common.config_named) words.insert(words.end(), {"--config", given_.common.config});
    words.insert(words.end(), {"confined", site(), "rsync", "-rlptgoHXS", "--numeric-ids", "--delete",
                               "--filter=-x! user.*", "--rsh=" + there_.ssh(),
                               "--rsync-path=" + there_.command() + " confined " + incoming_name(site()) + " rsync"});
    if (uid_there != row_.uid) {
      const auto map = std::to_string(row_.uid) + ":" + std::to_string(uid_there);
      words.insert(words.end(), {"--usermap=" + map, "--groupmap=" + map});
    }
    words.insert(words.end(), {"./", there_.name() + ":./"});
    // rsync's own line of progress, which names no file.
    const bool is_shown = wants_progress(given_);
    if (is_shown) words.insert(std::ranges::find(words, "rsync") + 1, "--info=progress2");
    const auto end = run_program({.words = words, .output = is_shown ? STDERR_FILENO : -1});
    if (end.status != 0 && end.status != k_rsync_vanished)
      throw std::runtime_error(site() + ": not moved: rsync: " +
                               (end.errors.empty() ? "exit status " + std::to_string(end.status) : end.errors));
  }

  void tell(const char* what) const {
    if (wants_progress(given_)) std::fprintf(stderr, "%s: %s\n", site().c_str(), what);
  }

  void stand_still(std::optional<held_container>& held) {
    const auto reply = ctl::ask(given_, {"lock", site(), move_reason(note_.host)});
    if (!reply || reply->error != control::failure::none)
      throw std::runtime_error(site() + ": its sessions cannot be ended");
    const auto container = find_container(settings_.docker.host, site());
    if (!container) return;
    held.emplace(settings_.docker.host, *container, hold::stop);
    if (!wait_for_log(settings_, root_->get(), site(), container->id))
      std::fprintf(stderr, "hebergctl: %s: the last lines of its logs do not come along\n", site().c_str());
  }

  void copy_the_last(std::uint32_t uid) {
    const auto tree = open_tree(root_->get(), site());
    for (int i = 0; i < k_copies_max; ++i) {
      copy(uid);
      const auto reply = ask("sum");
      if (!reply.is_done) throw std::runtime_error(note_.host + ": " + reply.message);
      const auto here = sum_of(note_.about, tree.get());
      if (text_field(reply.data, "sum") != here.text) continue;
      files_ = here.files;
      return;
    }
    throw std::runtime_error(site() + ": not moved: what came to " + note_.host + " is not what is here");
  }

  // As it was before; where somebody has locked it for another reason meanwhile, that stands.
  void unlock() const {
    const auto row = ledger::read_site(settings_.state_dir, site());
    if (!row || row->lock_reason != move_reason(note_.host)) return;
    (void)(note_.about.is_locked ? ctl::ask(given_, {"lock", site(), note_.about.lock_reason})
                                 : ctl::ask(given_, {"unlock", site()}));
  }

  void go_on() const {
    const auto container = find_container(settings_.docker.host, site());
    if (note_.runs && container && !container->runs) start_container(settings_.docker.host, container->id);
    unlock();
  }

  int retire(std::optional<std::chrono::duration<double>> down) {
    if (const auto container = find_container(settings_.docker.host, site()); container && container->is_ours)
      remove_container(settings_.docker.host, container->id);
    wait_until_unclaimed(settings_, site());
    if (has_tree(root_->get(), site())) move_aside(root_->get(), site());
    (void)ctl::ask(given_, {"lock", site(), "moved to " + note_.host});
    remove_move_file(settings_, note_name(site()));
    json data = {{"site", site()}, {"host", note_.host}, {"files", files_}};
    std::string message = site() + ": is on " + note_.host + " now";
    if (down) {
      std::array<char, 32> text{};
      std::snprintf(text.data(), text.size(), "%.1f", down->count());
      message += std::string("; it stood still for ") + text.data() + " s";
      data["down_seconds"] = down->count();
    }
    data["missing_certificates"] = missing_;
    if (!missing_.empty()) message += "; certificates that are not there: " + join_names(missing_);
    message += "; its files here are set aside (hebergctl purge --tree removes them)";
    return report(given_, {control::failure::none, message, data.dump()});
  }

  const command& given_;
  const settings& settings_;
  const tree::shared_fd& root_;
  const ledger::site& row_;
  move_note note_;
  const std::string run_ = make_token();  // what another run has asked for, and comes late, is not done
  remote_host there_;
  std::size_t files_ = 0;
  std::vector<std::string> missing_;  // certificates, there
};

// A run before this one has failed, and the site goes on since: it may be another by now. Its lock may be ours.
void refresh(const settings& settings, const ledger::site& row, const present_container& container, move_note& note) {
  auto about = describe_site(settings, row, container);
  if (row.lock_reason == move_reason(note.host)) {
    about.is_locked = note.about.is_locked;
    about.lock_reason = note.about.lock_reason;
  }
  note.about = std::move(about);
  note.runs = true;
  write_note(settings, row.name, note);
}

int move(const command& given, const move_options& asked) {
  const auto settings = load(given.common);
  const auto row = ledger::read_site(settings.state_dir, asked.site);
  if (!row) return fail_no_site(asked.site);
  const site_lock alone(settings, asked.site);
  auto note = read_note(settings, asked.site);
  if (note && !asked.host.empty() && note->host != asked.host)
    return fail(k_refused, asked.site + ": is being moved to " + note->host + ": finish that, or --cancel it");
  if (asked.cancel && !note) return fail(k_refused, asked.site + ": is not being moved");
  if (!asked.cancel && asked.host.empty()) return fail(k_usage, "move: --to HOST");
  const auto root = open_root(settings);
  const auto container = find_container(settings.docker.host, asked.site);
  if (container && !container->is_ours)
    return fail(k_refused, asked.site + ": its container was not made by hebergctl: remove it first");
  if (!asked.cancel) check_no_other_users(settings, asked.site, container);
  if (!note) {
    if (!has_tree(root->get(), asked.site)) return fail(k_refused, asked.site + ": has no tree here");
    note = move_note{.host = asked.host,
                     .token = make_token(),
                     .about = describe_site(settings, *row, container),
                     .runs = container && container->runs};
    write_note(settings, asked.site, *note);
  } else if (!asked.cancel && container && container->runs) {
    refresh(settings, *row, *container, *note);
  }
  mover one(given, asked, settings, root, *row, std::move(*note));
  return asked.cancel ? one.cancel() : one.move();
}

}  // namespace

void add_move(subcommand& verb, command& given) {
  const auto options = std::make_shared<move_options>();
  verb.add("SITE", options->site).required();
  verb.add("--to", options->host, "The other host, as ssh names it; it runs hebergctl and heberg-syncd").type("HOST");
  verb.add("--ssh", options->ssh, "The ssh command and its options").type("COMMAND").shows_default();
  verb.add("--remote-command", options->command, "hebergctl on the other host").type("COMMAND").shows_default();
  verb.add_flag("--cancel", options->cancel, "Cancel an unfinished move; the site runs on here");
  verb.runs(given, [&given, options] { return move(given, *options); });
}

}  // namespace heberg::ctl
