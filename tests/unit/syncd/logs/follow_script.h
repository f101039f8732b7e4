// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells a follow_policy what happened, at times that the test sets, and puts what it wants done into text:
// "release slot, flush, finish answer".
#pragma once

#include "syncd/logs/follow_policy.h"

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace heberg::test {

namespace follow_text {

using std::to_string;

inline std::string append_if(std::string text, bool condition, const char* more) {
  return condition ? text + more : text;
}
inline std::string of(const syncd::do_request_slot&) {
  return "request slot";
}
inline std::string of(const syncd::do_release_slot&) {
  return "release slot";
}
inline std::string of(const syncd::do_fetch& a) {
  return "fetch " + (a.tail ? to_string(*a.tail) : "all");
}
inline std::string of(const syncd::do_stop_fetch&) {
  return "stop fetch";
}
inline std::string of(const syncd::do_pause_fetch&) {
  return "pause fetch";
}
inline std::string of(const syncd::do_resume_fetch&) {
  return "resume fetch";
}
inline std::string of(const syncd::do_drop_open_lines&) {
  return "drop open lines";
}
inline std::string of(const syncd::do_finish_answer& a) {
  return append_if(append_if("finish answer", a.ends_open_lines, " and open lines"), a.trims_kept,
                   " and trim kept lines");
}
inline std::string of(const syncd::do_open_wakeup&) {
  return "open wakeup";
}
inline std::string of(const syncd::do_close_wakeup&) {
  return "close wakeup";
}
inline std::string of(const syncd::do_pause_wakeup&) {
  return "pause wakeup";
}
inline std::string of(const syncd::do_resume_wakeup&) {
  return "resume wakeup";
}
inline std::string of(const syncd::do_write_kept&) {
  return "write kept lines";
}
inline std::string of(const syncd::do_write_open_kept&) {
  return "write open kept lines";
}
inline std::string of(const syncd::do_flush& a) {
  return a.is_urgent ? "flush now" : "flush";
}
inline std::string of(const syncd::do_warn& a) {
  return "warn: " + a.problem;
}

}  // namespace follow_text

struct follow_script {
  using time_point = syncd::follow_policy::time_point;

  syncd::follow_policy policy;
  time_point now{std::chrono::hours(1)};
  time_point due{};  // of the last wait

  explicit follow_script(syncd::container_state state = syncd::container_state::running, bool is_known = true)
      : policy(state, is_known) {}

  std::vector<syncd::follow_action> act_on(syncd::follow_event event) {
    auto actions = policy.resume(std::move(event), now);
    for (const auto& action : actions) {
      if (const auto* wait = std::get_if<syncd::do_wait>(&action)) due = wait->until;
    }
    return actions;
  }

  std::string tell(syncd::follow_event event) {
    std::string text;
    for (const auto& action : act_on(std::move(event))) {
      if (!text.empty()) text += ", ";
      text += std::visit([this](const auto& a) { return describe(a); }, action);
    }
    return text;
  }

  // The wait goes by.
  std::string elapse() {
    now = std::max(now, due);
    return tell(syncd::wait_elapsed{});
  }
  // A fetch that is due begins.
  std::string begin_fetch() {
    elapse();
    return tell(syncd::slot_granted{});
  }
  // A fetch that was begun brings so many lines, all of it written at once.
  std::string end_fetch(int lines = 0, std::size_t kept = 0) {
    for (int i = 0; i < lines; ++i) tell(syncd::piece_fetched{syncd::join_result::line, 0});
    tell(syncd::fetch_ended{.how = docker::log_end::eof});
    return tell(syncd::answer_finished{.held = 0, .kept = kept});
  }
  std::string fetch(int lines = 0, std::size_t kept = 0) {
    begin_fetch();
    return end_fetch(lines, kept);
  }
  std::string fail(docker::log_end how, const char* why = "why") {
    return tell(syncd::fetch_ended{.how = how, .why = why});
  }
  // To the first whole answer, and a wake-up stream.
  void listen() {
    tell(syncd::follow_started{});
    fetch();
    tell(syncd::wakeup_opened{});
  }

  template <class action>
  std::string describe(const action& a) const {
    return follow_text::of(a);
  }
  std::string describe(const syncd::do_wait& a) const {
    const auto delay = std::chrono::duration_cast<std::chrono::milliseconds>(a.until - now);
    return "wait " + std::to_string(delay.count()) + " ms";
  }
};

}  // namespace heberg::test
