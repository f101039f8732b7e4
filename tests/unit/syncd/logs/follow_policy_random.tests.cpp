// SPDX-License-Identifier: LGPL-2.1-or-later
// The follow policy in random orders of events.
#include "unit/syncd/logs/follow_script.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <random>

using namespace heberg;
using namespace heberg::syncd;
using docker::log_end;
using test::follow_script;

namespace {

// Tells the policy what a shell could tell it, at random, and holds it to what a shell relies on.
class random_shell {
 public:
  explicit random_shell(std::uint32_t seed) : random_(seed) { tell(follow_started{}); }

  void step() {
    script_.now += std::chrono::milliseconds(pick(2'000));
    switch (pick(9)) {
      case 0:
        return change_container();
      case 1:
      case 2:
        if (!waits_ || script_.now < script_.due) return;
        waits_ = false;
        return tell(wait_elapsed{});
      case 3:
        if (requested_ == 0) return;
        --requested_, ++slots_;
        return tell(slot_granted{});
      case 4:
        if (!fetching_) return;
        return tell(piece_fetched{join_result::line, held_ += pick(60'000)});
      case 5:
        return end_fetch();
      case 6:
        if (!listening_ || paused_) return;
        return tell(wakeup_received{.ends_line = true, .kept = kept_ += 1 + pick(40'000)});
      case 7:
        if (!listening_ || pick(4) > 0) return;
        listening_ = paused_ = false;
        return tell(wakeup_ended{});
      default:
        return tell(lines_written{held_ = 0});
    }
  }

  // Something is under way, or the wake-up stream can begin it.
  void check_progress() const {
    CHECK(slots_ == (script_.policy.holds_slot() ? 1 : 0));
    if (state_ != container_state::running || is_unreadable_) return;
    CHECK((waits_ || requested_ > 0 || fetching_ || (listening_ && !paused_) || drains_));
  }

 private:
  void tell(follow_event event) {
    for (const auto& action : script_.act_on(std::move(event))) std::visit([this](const auto& a) { act(a); }, action);
  }
  unsigned pick(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(random_); }

  void change_container() {
    const auto next = static_cast<container_state>(pick(3));
    if (next == container_state::removed && pick(8) > 0) return;
    if (!drains_ && std::exchange(state_, next) != next && next == container_state::running) is_unreadable_ = false;
    tell(container_changed{next});
  }
  void end_fetch() {
    if (!fetching_) return;
    fetching_ = fetch_paused_ = false;
    const auto how =
        std::array{log_end::eof, log_end::eof, log_end::failed, log_end::gone, log_end::unsupported}[pick(5)];
    if (how == log_end::unsupported) is_unreadable_ = true;
    tell(fetch_ended{.how = how, .held = held_});
  }

  void act(const do_wait&) { waits_ = true; }
  void act(const do_request_slot&) {
    REQUIRE(requested_++ == 0);
    REQUIRE_FALSE(fetching_);
  }
  void act(const do_release_slot&) { REQUIRE(slots_-- == 1); }
  void act(const do_fetch&) {
    REQUIRE(slots_ == 1);
    REQUIRE_FALSE(std::exchange(fetching_, true));
  }
  void act(const do_stop_fetch&) { REQUIRE(fetching_); }
  void act(const do_pause_fetch&) {
    REQUIRE(fetching_);
    REQUIRE_FALSE(std::exchange(fetch_paused_, true));
  }
  void act(const do_resume_fetch&) { REQUIRE(std::exchange(fetch_paused_, false)); }
  void act(const do_drop_open_lines&) { REQUIRE_FALSE(fetching_); }
  void act(const do_finish_answer& a) {
    if (pick(2) == 0) kept_ = 0;
    if (a.trims_kept) kept_ = std::min(kept_, k_kept_resume);
    tell(answer_finished{.held = held_, .kept = kept_});
  }
  void act(const do_open_wakeup&) {
    REQUIRE_FALSE(listening_);
    if (pick(3) == 0) return tell(wakeup_refused{});
    listening_ = true;
    kept_ = 0;
    tell(wakeup_opened{});
  }
  void act(const do_close_wakeup&) {
    REQUIRE(std::exchange(listening_, false));
    paused_ = false;
  }
  void act(const do_pause_wakeup&) {
    REQUIRE(listening_);
    REQUIRE_FALSE(std::exchange(paused_, true));
  }
  void act(const do_resume_wakeup&) { REQUIRE(std::exchange(paused_, false)); }
  void act(const do_write_kept&) {
    drains_ = true;
    const auto moved = held_ < k_held_pause ? std::min(kept_, k_held_pause - held_) : 0;
    kept_ -= moved;
    held_ += moved;
    tell(kept_written{.held = held_, .kept = kept_});
  }
  void act(const do_write_open_kept&) { REQUIRE(kept_ == 0); }
  void act(const do_flush&) { drains_ = drains_ && !script_.policy.is_done(); }
  void act(const do_warn&) {}

  std::mt19937 random_;
  follow_script script_;
  container_state state_ = container_state::running;
  int slots_ = 0, requested_ = 0;
  std::size_t held_ = 0, kept_ = 0;
  bool waits_ = false, fetching_ = false, fetch_paused_ = false;
  bool listening_ = false, paused_ = false, drains_ = false, is_unreadable_ = false;
};

}  // namespace

TEST_CASE("whatever happens in which order, each action is possible, slots are given back, and it goes on") {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    random_shell shell(seed);
    for (int i = 0; i < 500; ++i) {
      shell.step();
      shell.check_progress();
    }
  }
}
