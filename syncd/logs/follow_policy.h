// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides how one container's log is read to its end (docs/decisions/0010); knows no socket, no clock and no line.
// log_follower tells it what happened and carries out what it says. An event that its state does not expect does nothing.
//
//                     slot granted                      removed, and no such
//   due ──> queued ──────────────> reading ──ended──┐   container any more
//    ^                              │   ^           │  ┌──────────────────> draining ──all kept lines written──> done
//    │                              v   │           │  │
//    │                            paused            ├──┤  no readable driver
//    │                                              │  ├──────────────────> unreadable ──running again──> due
//    │                                              │  │
//    └───────── after a delay ──────────────────────┴──┘
//
// - A fetch (an answer that does not follow) holds the last so many pieces. When its first piece is not known, lines may
//   be missing before it: it is dropped, and more pieces are fetched.
// - The wake-up stream (an answer that follows) says when to fetch. It can lose its place and say nothing: while lines
//   come, and for a while after, the log is polled too. A poll that finds lines which it did not announce opens it anew.
// - Its lines that were not fetched yet are kept. It pauses while there are many; once the engine has the container no
//   more they are the final lines, and are written.
// - A fetch slot is held from its grant to the end of the answer, but not while the disk is waited for.
#pragma once

#include "docker/log_reader.h"
#include "syncd/logs/line_joiner.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace heberg::syncd {

// Bytes of whole lines that are not written yet. With what one read brings (64 KB) and the kept lines a container has
// 256 KB at most.
inline constexpr std::size_t k_held_urgent = 96 << 10;
inline constexpr std::size_t k_held_pause = 128 << 10;
inline constexpr std::size_t k_held_resume = 48 << 10;
// Bytes of lines that the wake-up stream brought and no fetch yet.
inline constexpr std::size_t k_kept_max = 64 << 10;
inline constexpr std::size_t k_kept_resume = k_kept_max / 2;

inline constexpr std::uint32_t k_tail_min = 64;  // pieces of a fetch
inline constexpr std::uint32_t k_tail_max = 32'768;
inline constexpr std::uint32_t k_tail_growth = 8;

inline constexpr std::chrono::milliseconds k_after_wakeup{50};  // what is written together is fetched together
inline constexpr std::chrono::milliseconds k_poll_min{1'000};   // × 4 with each poll that finds nothing
inline constexpr std::chrono::milliseconds k_poll_max{64'000};  // then the wake-up stream alone is waited for
inline constexpr std::chrono::milliseconds k_poll_without_wakeup{5'000};
inline constexpr std::chrono::milliseconds k_retry_min{100};  // × 2 with each failure
inline constexpr std::chrono::milliseconds k_retry_max{5'000};
inline constexpr int k_failures_before_warning = 4;
inline constexpr int k_polls_after_removal = 3;  // of a container without a wake-up stream

enum class container_state { running, stopped, removed };

// What happened.
struct follow_started {};
struct container_changed {
  container_state state;
};
struct wait_elapsed {};
struct slot_granted {};
struct first_piece_fetched {  // before piece_fetched
  bool is_known;              // it is at or before what was taken: nothing can be missing between
};
struct piece_fetched {  // one that is not known
  join_result result;
  std::size_t held;  // bytes
};
struct fetch_ended {
  docker::log_end how;
  std::string why = {};
  std::size_t held = 0;
};
struct answer_finished {  // do_finish_answer was carried out
  std::size_t held, kept;
};
struct wakeup_opened {};
struct wakeup_refused {};  // too many sockets are open
struct wakeup_received {   // a piece that no fetch has brought yet
  bool ends_line;
  std::size_t kept;
};
struct wakeup_ended {};
struct kept_written {  // do_write_kept was carried out
  std::size_t held, kept;
};
struct lines_written {  // the store has written some of the held lines, or all
  std::size_t held;
};
using follow_event = std::variant<follow_started, container_changed, wait_elapsed, slot_granted, first_piece_fetched,
                                  piece_fetched, fetch_ended, answer_finished, wakeup_opened, wakeup_refused,
                                  wakeup_received, wakeup_ended, kept_written, lines_written>;

// What to do.
struct do_wait {  // a new wait replaces the last one
  std::chrono::steady_clock::time_point until;
};
struct do_request_slot {};
struct do_release_slot {};
struct do_fetch {
  std::optional<std::uint32_t> tail;  // pieces; none: all since the last known one
};
struct do_stop_fetch {};  // the answer is read no further; it ends with log_end::stopped
struct do_pause_fetch {};
struct do_resume_fetch {};
struct do_drop_open_lines {};  // they come again with the next answer
struct do_finish_answer {      // it was whole; answer_finished follows
  bool ends_open_lines;        // the container had ended before: nothing is added to them
  bool trims_kept;             // to k_kept_resume: what this answer did not bring the engine has lost
};
struct do_open_wakeup {};  // wakeup_opened or wakeup_refused follows
struct do_close_wakeup {};
struct do_pause_wakeup {};
struct do_resume_wakeup {};
struct do_write_kept {};       // up to k_held_pause of held bytes; kept_written follows
struct do_write_open_kept {};  // the lines that the wake-up stream left open are whole
struct do_flush {              // the container has lines to be written, or is done
  bool is_urgent;
};
struct do_warn {
  std::string problem;  // of "the log of container X"
};
using follow_action =
    std::variant<do_wait, do_request_slot, do_release_slot, do_fetch, do_stop_fetch, do_pause_fetch, do_resume_fetch,
                 do_drop_open_lines, do_finish_answer, do_open_wakeup, do_close_wakeup, do_pause_wakeup,
                 do_resume_wakeup, do_write_kept, do_write_open_kept, do_flush, do_warn>;

class follow_policy {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // is_known: what was taken of this container was restored; without it the first fetch asks for the whole log.
  follow_policy(container_state state, bool is_known);

  [[nodiscard]] std::vector<follow_action> resume(follow_event event, time_point now);

  [[nodiscard]] bool is_done() const noexcept;  // removed, and nothing will come; held lines may still be unwritten
  [[nodiscard]] bool holds_slot() const noexcept {
    return fetch_ == fetch_phase::reading || fetch_ == fetch_phase::gap;
  }

 private:
  enum class follow_phase { following, draining, unreadable, done };
  enum class fetch_phase {
    idle,
    due,
    queued,   // a slot is requested
    reading,  // with the slot
    gap,      // as reading, but lines may be missing before the answer: it is not read on
    paused,   // until held lines are written; without a slot, as from here on
    resumed,
    finishing,  // it has ended; answer_finished follows
  };
  enum class wakeup_phase { closed, requested, open, paused };

  void on(const follow_started&);
  void on(const container_changed&);
  void on(const wait_elapsed&);
  void on(const slot_granted&);
  void on(const first_piece_fetched&);
  void on(const piece_fetched&);
  void on(const fetch_ended&);
  void on(const answer_finished&);
  void on(const wakeup_opened&);
  void on(const wakeup_refused&);
  void on(const wakeup_received&);
  void on(const wakeup_ended&);
  void on(const kept_written&);
  void on(const lines_written&);

  void follow_again();
  void schedule_fetch(std::chrono::milliseconds delay);
  void schedule_poll();
  void fetch_more();
  void retry_fetch(const std::string& why);
  void give_up(const std::string& why);
  void drain();
  void poll_after_removal(std::size_t kept);
  void pause_wakeup();
  void resume_wakeup(std::size_t kept);
  void close_wakeup();
  void flush_if_held(std::size_t held);
  void finish();
  [[nodiscard]] bool has_wakeup() const noexcept {
    return wakeup_ == wakeup_phase::open || wakeup_ == wakeup_phase::paused;
  }
  [[nodiscard]] bool is_reading() const noexcept {
    return holds_slot() || fetch_ == fetch_phase::paused || fetch_ == fetch_phase::resumed;
  }

  template <class action>
  void act(action a) {
    actions_.emplace_back(std::move(a));
  }

  std::vector<follow_action> actions_;  // of the resume() under way
  time_point now_{};                    // its time

  container_state state_;
  follow_phase phase_ = follow_phase::following;
  fetch_phase fetch_ = fetch_phase::idle;
  wakeup_phase wakeup_ = wakeup_phase::closed;

  // Of the fetch under way, or the next one.
  time_point due_{};
  std::uint32_t tail_ = k_tail_min;  // pieces; 0: all
  container_state state_at_fetch_ = container_state::running;
  wakeup_phase wakeup_at_fetch_ = wakeup_phase::closed;
  bool is_wanted_again_ = false;  // something happened while it was read
  std::uint64_t new_pieces_ = 0;
  std::uint64_t new_lines_ = 0;
  std::uint64_t open_pieces_ = 0;  // of lines that are open at the answer's end

  // Of the last answer.
  std::uint64_t last_open_pieces_ = 0;
  bool had_news_ = false;
  bool is_next_urgent_ = false;  // more is there already

  bool is_woken_ = false;  // by the wake-up stream, since the last whole answer
  std::chrono::milliseconds poll_delay_ = k_poll_min;
  int failures_ = 0;
  std::optional<time_point> last_wakeup_end_;
  int wakeup_ends_ = 0;  // one soon after the other
  int polls_after_removal_ = 0;
};

}  // namespace heberg::syncd
