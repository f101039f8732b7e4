// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/move/mover.h"

#include "hebergctl/archive/certificate_names.h"
#include "hebergctl/archive/site_archive.h"
#include "hebergctl/container/site_container.h"
#include "hebergctl/log_progress.h"
#include "hebergctl/move/move_steps.h"
#include "hebergctl/move/reply_fields.h"
#include "hebergctl/move/tree_copy.h"
#include "hebergctl/progress.h"
#include "hebergctl/trees.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <utility>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

constexpr int k_copies_max = 3;  // while the site is stopped; syncd may still write a last line of its log

}  // namespace

mover::mover(const command& given, const settings& settings, const tree::shared_fd& root, const ledger::site& row,
             move_note note, remote_host there)
    : given_(given), settings_(settings), root_(root), row_(row), note_(std::move(note)), there_(std::move(there)) {}

int mover::move() {
  const auto reply = ask_there("begin");
  if (reply.is_done && text_field(reply.data, "state") == "here") return resume_finish();
  if (reply.data.empty() && is_stopped_here()) throw lost_link(explain_unknown(reply.message));
  if (!reply.data.empty()) resume();  // the site has not arrived: a container that an earlier run stopped is started
  if (!reply.is_done) return refuse("", reply);
  const auto uid_there = read_number(reply.data, "uid");
  if (is_true(reply.data, "new")) {
    note_.is_new = true;
    write_note(settings_, site(), note_);
  }
  show("copying the tree while the site runs");
  copy_tree(given_, row_, there_, uid_there);
  const auto stopped_at = clock::now();
  std::optional<held_container> held;
  try {
    show("stopped; copying and comparing the changes");
    stop(held);
    copy_changes(uid_there);
  } catch (...) {
    if (held) held->release();
    resume();
    throw;
  }
  if (held) held->forget();
  return finish(stopped_at);
}

int mover::cancel() {
  const auto reply = ask_there(note_.is_new ? "forget" : "drop");
  if (!reply.is_done) return refuse("", reply);
  resume();
  remove_note(settings_, site());
  return report(given_, {control::failure::none, site() + ": move cancelled; the site stays on this host"});
}

remote_reply mover::ask_there(const std::string& step) {
  try {
    return there_.ask("receive " + site() + " " + step + " " + note_.token + " " + run_, archive::to_text(note_.about));
  } catch (const lost_link& error) {
    if (step != "finish" && !is_stopped_here()) throw;
    throw lost_link(explain_unknown(error.what()));
  }
}

// An earlier run stopped its container.
bool mover::is_stopped_here() const {
  const auto container = find_container(settings_.docker.host, site());
  return note_.was_running && container && !container->runs;
}

std::string mover::explain_unknown(const std::string& why) const {
  return site() + ": unknown whether the site runs on " + note_.host +
         "; the site is stopped on this host: run the same command again. " + why;
}

// An earlier run asked for that step, and the reply was lost: the other host may have stopped in the middle of it.
int mover::resume_finish() {
  std::optional<held_container> held;
  stop(held);
  if (held) held->forget();
  return finish({});
}

// stopped_at: empty where an earlier run stopped the site.
int mover::finish(std::optional<clock::time_point> stopped_at) {
  const auto reply = ask_there("finish");
  if (reply.data.empty()) throw lost_link(explain_unknown(reply.message));
  if (!reply.is_done) {
    resume();
    return refuse("the site runs on this host as before; ", reply);
  }
  missing_ = read_missing_certificates(reply.data);
  std::optional<std::chrono::duration<double>> down;
  if (stopped_at) down = clock::now() - *stopped_at;
  return retire(down);
}

int mover::refuse(const std::string& state, const remote_reply& reply) {
  return fail(k_refused, site() + ": not moved: " + state + note_.host + ": " + reply.message);
}

void mover::show(const char* what) const {
  if (wants_progress(given_)) std::fprintf(stderr, "%s: %s\n", site().c_str(), what);
}

void mover::stop(std::optional<held_container>& held) {
  const auto reply = ask(given_, {"lock", site(), move_reason(note_.host)});
  if (!reply || reply->error != control::failure::none)
    throw std::runtime_error(site() + ": not moved: cannot end its sessions" + (reply ? ": " + reply->message : ""));
  const auto container = find_container(settings_.docker.host, site());
  if (!container) return;
  held.emplace(settings_.docker.host, *container, hold::stop);
  if (!wait_for_log(settings_, root_->get(), site(), container->id))
    std::fprintf(stderr, "hebergctl: %s: warning: the last lines of its logs are not moved\n", site().c_str());
}

void mover::copy_changes(std::uint32_t uid_there) {
  const auto tree = open_tree(root_->get(), site());
  for (int i = 0; i < k_copies_max; ++i) {
    copy_tree(given_, row_, there_, uid_there);
    const auto reply = ask_there("sum");
    if (!reply.is_done) throw std::runtime_error(note_.host + ": " + reply.message);
    const auto here = sum_of(note_.about, tree.get());
    if (text_field(reply.data, "sum") != here.text) continue;
    files_ = here.files;
    return;
  }
  throw std::runtime_error(site() + ": not moved: the copy on " + note_.host + " differs from the tree on this host");
}

// As it was before the move; a lock that somebody has set for another reason meanwhile stays.
void mover::restore_lock() const {
  const auto row = ledger::read_site(settings_.state_dir, site());
  if (!row || row->lock_reason != move_reason(note_.host)) return;
  (void)(note_.about.is_locked ? ask(given_, {"lock", site(), note_.about.lock_reason})
                               : ask(given_, {"unlock", site()}));
}

void mover::resume() const {
  const auto container = find_container(settings_.docker.host, site());
  if (note_.was_running && container && !container->runs) start_container(settings_.docker.host, container->id);
  restore_lock();
}

int mover::retire(std::optional<std::chrono::duration<double>> down) {
  if (const auto container = find_container(settings_.docker.host, site()); container && container->is_ours)
    remove_container(settings_.docker.host, container->id);
  wait_until_missing(settings_, site());
  if (has_tree(root_->get(), site())) move_to_archived(root_->get(), site());
  (void)ask(given_, {"lock", site(), "moved to " + note_.host});
  remove_note(settings_, site());
  json data = {{"site", site()}, {"host", note_.host}, {"files", files_}};
  std::string message = site() + ": moved to " + note_.host;
  if (down) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", down->count());
    message += std::string("; down for ") + text.data() + " s";
    data["down_seconds"] = down->count();
  }
  data["missing_certificates"] = missing_;
  if (!missing_.empty()) message += "; certificates missing on " + note_.host + ": " + join_names(missing_);
  message += "; its files are kept on this host (\"hebergctl purge --tree\" deletes them)";
  return report(given_, {control::failure::none, message, data.dump()});
}

}  // namespace heberg::ctl
