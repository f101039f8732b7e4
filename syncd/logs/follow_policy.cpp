// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/follow_policy.h"

#include <algorithm>
#include <utility>

namespace heberg::syncd {
namespace {

using docker::log_end;
using std::chrono::milliseconds;

milliseconds back_off(int times) {
  return std::min(k_retry_max, k_retry_min * (1 << std::min(times, 8)));
}

}  // namespace

follow_policy::follow_policy(container_state state, bool is_known) : state_(state), tail_(is_known ? k_tail_min : 0) {}

std::vector<follow_action> follow_policy::resume(follow_event event, time_point now) {
  now_ = now;
  std::visit([this](const auto& what) { on(what); }, event);
  return std::exchange(actions_, {});
}

bool follow_policy::is_done() const noexcept {
  return state_ == container_state::removed && (phase_ == follow_phase::done || phase_ == follow_phase::unreadable);
}

// ---- the container ----

void follow_policy::on(const follow_started&) {
  schedule_fetch(milliseconds(0));
}

void follow_policy::on(const container_changed& what) {
  if (what.state == state_ || phase_ == follow_phase::draining) return;
  if (std::exchange(state_, what.state) == container_state::removed) follow_again();
  // A restart may have changed what can be read.
  if (state_ == container_state::running && phase_ == follow_phase::unreadable) phase_ = follow_phase::following;
  schedule_fetch(milliseconds(0));
}

// The engine has it after all.
void follow_policy::follow_again() {
  polls_after_removal_ = 0;
  if (phase_ == follow_phase::done) phase_ = follow_phase::following;
}

// ---- when to fetch ----

void follow_policy::schedule_fetch(milliseconds delay) {
  if (phase_ != follow_phase::following) return;
  const auto due = now_ + delay;
  switch (fetch_) {
    case fetch_phase::queued:
      return;
    case fetch_phase::reading:
    case fetch_phase::gap:
    case fetch_phase::paused:
    case fetch_phase::resumed:
    case fetch_phase::finishing:
      is_wanted_again_ = true;
      return;
    case fetch_phase::due:
      if (due_ <= due) return;
      break;
    case fetch_phase::idle:
      break;
  }
  fetch_ = fetch_phase::due;
  due_ = due;
  act(do_wait{due});
}

void follow_policy::schedule_poll() {
  const auto longest = has_wakeup() ? k_poll_max + milliseconds(1) : k_poll_without_wakeup;
  poll_delay_ = had_news_ ? k_poll_min : std::min(poll_delay_ * 4, longest);
  if (is_next_urgent_) return schedule_fetch(k_after_wakeup);
  if (poll_delay_ <= k_poll_max) schedule_fetch(poll_delay_);
}

void follow_policy::on(const wait_elapsed&) {
  if (fetch_ != fetch_phase::due) return;
  fetch_ = fetch_phase::queued;
  act(do_request_slot{});
}

void follow_policy::on(const slot_granted&) {
  if (fetch_ != fetch_phase::queued) return act(do_release_slot{});
  if (phase_ != follow_phase::following) {
    fetch_ = fetch_phase::idle;
    return act(do_release_slot{});
  }
  fetch_ = fetch_phase::reading;
  is_wanted_again_ = false;
  state_at_fetch_ = state_;
  wakeup_at_fetch_ = wakeup_;
  act(do_fetch{tail_ > 0 ? std::optional(tail_) : std::nullopt});
}

// ---- a fetch ----

void follow_policy::on(const first_piece_fetched& what) {
  if (what.is_known || tail_ == 0 || fetch_ != fetch_phase::reading) return;
  fetch_ = fetch_phase::gap;
  act(do_stop_fetch{});
}

void follow_policy::on(const piece_fetched& what) {
  if (!is_reading() || fetch_ == fetch_phase::gap) return;
  ++new_pieces_;
  open_pieces_ = what.result == join_result::open ? open_pieces_ + 1 : 0;
  if (what.result != join_result::line) return;
  ++new_lines_;
  if (what.held >= k_held_urgent) act(do_flush{.is_urgent = true});
  if (what.held < k_held_pause || fetch_ == fetch_phase::paused) return;
  act(do_pause_fetch{});
  if (fetch_ == fetch_phase::reading) act(do_release_slot{});  // the disk's wait is not the other containers'
  fetch_ = fetch_phase::paused;
}

void follow_policy::on(const lines_written& what) {
  if (what.held > k_held_resume) return;
  if (phase_ == follow_phase::draining) return act(do_write_kept{});
  if (fetch_ != fetch_phase::paused) return;
  fetch_ = fetch_phase::resumed;
  act(do_resume_fetch{});
}

void follow_policy::on(const fetch_ended& what) {
  if (!is_reading()) return;
  const bool has_gap = fetch_ == fetch_phase::gap;
  if (holds_slot()) act(do_release_slot{});
  fetch_ = fetch_phase::idle;
  flush_if_held(what.held);
  switch (what.how) {
    case log_end::eof:
      failures_ = 0;
      fetch_ = fetch_phase::finishing;
      return act(do_finish_answer{
          .ends_open_lines = state_at_fetch_ != container_state::running && state_ != container_state::running,
          .trims_kept = wakeup_at_fetch_ == wakeup_phase::paused});
    case log_end::stopped:
      return has_gap ? fetch_more() : retry_fetch("the answer was not read to its end");
    case log_end::gone:
      if (state_ == container_state::removed) return drain();
      return schedule_fetch(k_poll_min);  // its removal is about to be told
    case log_end::unsupported:
      return give_up(what.why);
    case log_end::failed:
      return retry_fetch(what.why);
  }
}

void follow_policy::fetch_more() {
  act(do_drop_open_lines{});
  tail_ = tail_ >= k_tail_max ? 0 : tail_ * k_tail_growth;
  schedule_fetch(milliseconds(0));
}

void follow_policy::retry_fetch(const std::string& why) {
  act(do_drop_open_lines{});
  new_pieces_ = new_lines_ = open_pieces_ = 0;
  if (++failures_ == k_failures_before_warning) act(do_warn{"cannot be fetched, trying again: " + why});
  schedule_fetch(back_off(failures_));
}

void follow_policy::give_up(const std::string& why) {
  act(do_warn{"cannot be read, so access.log and error.log stay empty: " + why});
  phase_ = follow_phase::unreadable;
  close_wakeup();
  if (is_done()) act(do_flush{.is_urgent = false});
}

void follow_policy::on(const answer_finished& what) {
  if (fetch_ != fetch_phase::finishing) return;
  fetch_ = fetch_phase::idle;
  if (what.held > 0) act(do_flush{.is_urgent = false});
  // An open line comes again with each answer; that alone is no news.
  had_news_ = std::exchange(new_lines_, 0) > 0 || open_pieces_ != last_open_pieces_;
  last_open_pieces_ = std::exchange(open_pieces_, 0);
  const auto pieces = std::exchange(new_pieces_, 0);
  tail_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(k_tail_max, k_tail_min + 2 * pieces));
  if (state_ == container_state::removed) return poll_after_removal(what.kept);
  // Lines that the wake-up stream should have brought, and did not: it has lost its place.
  if (had_news_ && !is_woken_) close_wakeup();
  is_next_urgent_ = (std::exchange(is_woken_, false) && what.kept > 0) || is_wanted_again_;
  if (state_ == container_state::stopped) {
    if (had_news_ || is_wanted_again_) schedule_fetch(k_poll_min);
    return;
  }
  resume_wakeup(what.kept);
  if (has_wakeup()) return schedule_poll();
  wakeup_ = wakeup_phase::requested;
  act(do_open_wakeup{});
}

// ---- the wake-up stream ----

void follow_policy::on(const wakeup_opened&) {
  if (wakeup_ != wakeup_phase::requested) return;
  wakeup_ = wakeup_phase::open;
  poll_delay_ = k_poll_min;
  schedule_fetch(poll_delay_);
}

void follow_policy::on(const wakeup_refused&) {
  if (wakeup_ != wakeup_phase::requested) return;
  wakeup_ = wakeup_phase::closed;
  schedule_poll();
}

void follow_policy::on(const wakeup_received& what) {
  if (!has_wakeup()) return;
  is_woken_ = true;
  schedule_fetch(k_after_wakeup);
  if (!what.ends_line) return;
  if (phase_ == follow_phase::draining) return act(do_write_kept{});
  if (what.kept <= k_kept_max || wakeup_ != wakeup_phase::open) return;
  // The engine keeps the rest meanwhile: even of a container that is removed, as long as the stream is open.
  pause_wakeup();
  schedule_fetch(milliseconds(0));
}

void follow_policy::on(const wakeup_ended&) {
  if (!has_wakeup()) return;
  wakeup_ = wakeup_phase::closed;
  if (phase_ == follow_phase::draining) return act(do_write_kept{});
  // At once: a container that ends may be gone in a moment. Where that goes on, ever slower.
  const bool is_soon = last_wakeup_end_ && now_ - *last_wakeup_end_ < 2 * k_retry_max;
  last_wakeup_end_ = now_;
  wakeup_ends_ = is_soon ? wakeup_ends_ + 1 : 0;
  schedule_fetch(wakeup_ends_ == 0 ? milliseconds(0) : back_off(wakeup_ends_));
}

void follow_policy::pause_wakeup() {
  if (wakeup_ != wakeup_phase::open) return;
  wakeup_ = wakeup_phase::paused;
  act(do_pause_wakeup{});
}

void follow_policy::resume_wakeup(std::size_t kept) {
  if (wakeup_ != wakeup_phase::paused || kept > k_kept_resume) return;
  wakeup_ = wakeup_phase::open;
  act(do_resume_wakeup{});
}

void follow_policy::close_wakeup() {
  if (has_wakeup()) act(do_close_wakeup{});
  wakeup_ = wakeup_phase::closed;
}

// ---- the end of a removed container ----

// The engine still answers: it has the container for a moment more, or this was the last answer it gave.
void follow_policy::poll_after_removal(std::size_t kept) {
  resume_wakeup(kept);
  if (!has_wakeup() && ++polls_after_removal_ >= k_polls_after_removal) return finish();
  schedule_fetch(k_poll_min);
}

// From here on the wake-up stream's lines are written: nothing else is left. At the disk's pace, as all else.
void follow_policy::drain() {
  act(do_drop_open_lines{});
  phase_ = follow_phase::draining;
  act(do_write_kept{});
}

void follow_policy::on(const kept_written& what) {
  if (phase_ != follow_phase::draining) return;
  flush_if_held(what.held);
  if (what.kept > 0) return pause_wakeup();           // lines_written goes on
  if (has_wakeup()) return resume_wakeup(what.kept);  // it ends by itself
  act(do_write_open_kept{});
  finish();
}

void follow_policy::finish() {
  phase_ = follow_phase::done;
  close_wakeup();
  act(do_flush{.is_urgent = false});
}

void follow_policy::flush_if_held(std::size_t held) {
  if (held > 0) act(do_flush{.is_urgent = held >= k_held_urgent});
}

}  // namespace heberg::syncd
