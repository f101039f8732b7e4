// SPDX-License-Identifier: LGPL-2.1-or-later
// How a container's log is followed, with events in any order that an engine can cause, two bytes an event. The model
// below carries out the actions as log_follower does; an action that it could not carry out (a fetch without its slot, a
// pause of what does not run) ends it. A running container is never left with nothing to wait for.
#include "syncd/logs/follow_policy.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>
#include <variant>

namespace {

using namespace heberg::syncd;
using heberg::docker::log_end;
using std::chrono::milliseconds;

void require(bool holds) {
  if (!holds) std::abort();
}

class model {
 public:
  model(container_state state, bool is_known) : state_(state), policy_(state, is_known) { tell(follow_started{}); }

  // The event of this number, if it can happen now; `more` chooses within it.
  void step(unsigned event, unsigned more) {
    now_ += milliseconds(more);
    switch (event % 10) {
      case 0:
        return change_state(static_cast<container_state>(more % 3));
      case 1:
        if (wait_) now_ = std::max(now_, *wait_), wait_.reset(), tell(wait_elapsed{});
        return;
      case 2:
        if (is_slot_requested_) is_slot_requested_ = false, has_slot_ = true, tell(slot_granted{});
        return;
      case 3:
      case 4:
        return take_fetched(more);
      case 5:
        return end_fetch(static_cast<log_end>(more % 6));
      case 6:
        if (!has_wakeup_ || is_wakeup_paused_) return;
        kept_ += more * 256;
        return tell(wakeup_received{.ends_line = more % 3 > 0, .kept = kept_});
      case 7:
        if (has_wakeup_) has_wakeup_ = is_wakeup_paused_ = false, tell(wakeup_ended{});
        return;
      case 8:
        held_ = held_ * (more % 4) / 4;
        return tell(lines_written{held_});
      default:
        takes_wakeup_ = more % 2 == 0;
        return;
    }
  }

 private:
  void change_state(container_state state) {
    if (!is_draining_ && state != state_) state_ = state, is_unreadable_ &= state != container_state::running;
    tell(container_changed{state});
  }

  void take_fetched(unsigned more) {
    if (!has_fetch_ || is_fetch_paused_) return;
    if (pieces_++ == 0) tell(first_piece_fetched{.is_known = more % 2 == 0});
    if (is_stopped_ || more % 5 == 0) return;
    const auto result = static_cast<join_result>(1 + more % 3);
    if (result == join_result::line) held_ += more * 256;
    tell(piece_fetched{result, held_});
  }

  void end_fetch(log_end how) {
    if (!has_fetch_) return;
    has_fetch_ = is_fetch_paused_ = false;
    if (is_stopped_) how = log_end::stopped;
    if (how == log_end::unsupported) is_unreadable_ = true;
    tell(fetch_ended{how, "why", held_});
  }

  void tell(const follow_event& event) {
    const bool was_done = policy_.is_done();
    const auto actions = policy_.resume(event, now_);
    require(actions.size() < 10);
    if (was_done && policy_.is_done()) {
      for (const auto& action : actions)
        require(!std::holds_alternative<do_fetch>(action) && !std::holds_alternative<do_open_wakeup>(action));
    }
    for (const auto& action : actions) std::visit([this](const auto& what) { carry_out(what); }, action);
    require(policy_.holds_slot() == has_slot_);
    const bool waits = wait_ || is_slot_requested_ || has_fetch_ || has_wakeup_;
    require(waits || is_busy_ || state_ != container_state::running || is_unreadable_);
  }

  // What is told at once, from within an action.
  void tell_at_once(const follow_event& event) {
    const bool was_busy = std::exchange(is_busy_, true);
    tell(event);
    is_busy_ = was_busy;
  }

  void carry_out(const do_wait& what) {
    require(what.until >= now_ && what.until <= now_ + k_poll_max);
    wait_ = what.until;
  }
  void carry_out(const do_request_slot&) {
    require(!is_slot_requested_ && !has_slot_);
    is_slot_requested_ = true;
  }
  void carry_out(const do_release_slot&) {
    require(has_slot_);
    has_slot_ = false;
  }
  void carry_out(const do_fetch& what) {
    require(has_slot_ && !has_fetch_ && (!what.tail || (*what.tail > 0 && *what.tail <= k_tail_max)));
    has_fetch_ = true;
    is_stopped_ = false;
    pieces_ = 0;
  }
  void carry_out(const do_stop_fetch&) {
    require(has_fetch_ && !is_stopped_);
    is_stopped_ = true;
  }
  void carry_out(const do_pause_fetch&) {
    require(has_fetch_ && !is_fetch_paused_);
    is_fetch_paused_ = true;
  }
  void carry_out(const do_resume_fetch&) {
    require(has_fetch_ && is_fetch_paused_);
    is_fetch_paused_ = false;
  }
  void carry_out(const do_drop_open_lines&) {}
  void carry_out(const do_finish_answer& what) {
    require(!has_fetch_);
    kept_ = what.trims_kept ? std::min(kept_, k_kept_resume) : kept_ / 2;
    tell_at_once(answer_finished{.held = held_, .kept = kept_});
  }
  void carry_out(const do_open_wakeup&) {
    require(!has_wakeup_);
    if (!takes_wakeup_) return tell_at_once(wakeup_refused{});
    has_wakeup_ = true;
    is_wakeup_paused_ = false;
    kept_ = 0;
    tell_at_once(wakeup_opened{});
  }
  void carry_out(const do_close_wakeup&) {
    require(has_wakeup_);
    has_wakeup_ = is_wakeup_paused_ = false;
  }
  void carry_out(const do_pause_wakeup&) {
    require(has_wakeup_ && !is_wakeup_paused_);
    is_wakeup_paused_ = true;
  }
  void carry_out(const do_resume_wakeup&) {
    require(has_wakeup_ && is_wakeup_paused_);
    is_wakeup_paused_ = false;
  }
  void carry_out(const do_write_kept&) {
    is_draining_ = true;
    const auto room = std::max(held_, k_held_pause) - held_;
    held_ += std::min(kept_, room);
    kept_ -= std::min(kept_, room);
    tell_at_once(kept_written{.held = held_, .kept = kept_});
  }
  void carry_out(const do_write_open_kept&) { is_draining_ = false; }
  void carry_out(const do_flush&) {}
  void carry_out(const do_warn& what) { require(!what.problem.empty()); }

  container_state state_;
  follow_policy policy_;
  follow_policy::time_point now_{std::chrono::hours(1)};
  std::optional<follow_policy::time_point> wait_;
  std::size_t held_ = 0;
  std::size_t kept_ = 0;
  std::uint64_t pieces_ = 0;
  bool is_slot_requested_ = false;
  bool has_slot_ = false;
  bool has_fetch_ = false;
  bool is_fetch_paused_ = false;
  bool is_stopped_ = false;
  bool has_wakeup_ = false;
  bool is_wakeup_paused_ = false;
  bool takes_wakeup_ = true;
  bool is_draining_ = false;
  bool is_unreadable_ = false;
  bool is_busy_ = false;  // within an action that tells more
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  model follower(static_cast<container_state>(data[0] % 2), (data[0] & 2) != 0);
  for (std::size_t i = 1; i + 1 < size; i += 2) follower.step(data[i], data[i + 1]);
  return 0;
}
