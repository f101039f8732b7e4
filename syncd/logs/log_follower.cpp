// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/log_follower.h"

#include "syncd/logs/follow_policy.h"
#include "syncd/logs/kept_lines.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

namespace heberg::syncd {
namespace {

namespace asio = boost::asio;
using docker::log_end;
using docker::log_piece;
using docker::log_reader;

container_state state_of(const followed_container& container) {
  return container.is_up ? container_state::running : container_state::stopped;
}

}  // namespace

struct log_follower::impl : std::enable_shared_from_this<impl> {
  struct fetch_sink final : docker::log_sink {
    explicit fetch_sink(impl& owner) : owner_(owner) {}
    bool take(const log_piece& piece) override { return owner_.take_fetched(piece); }
    impl& owner_;
  };
  struct wakeup_sink final : docker::log_sink {
    explicit wakeup_sink(impl& owner) : owner_(owner) {}
    bool take(const log_piece& piece) override { return owner_.take_from_wakeup(piece); }
    impl& owner_;
  };

  impl(follower_host& h, const followed_container& c, log_source s, bool is_known)
      : host(h),
        container(c),
        source(std::move(s)),
        policy(state_of(c), is_known),
        fetch_to(*this),
        wakeup_to(*this),
        timer(h.io()) {}

  ~impl() {
    if (wakeup_reader) host.release_wakeup();
    if (policy.holds_slot()) host.release_slot();
  }

  void tell(follow_event event) {
    const auto actions = policy.resume(std::move(event), asio::steady_timer::clock_type::now());
    for (const auto& action : actions) std::visit([this](const auto& what) { carry_out(what); }, action);
  }

  // ---- what happens ----

  bool take_fetched(const log_piece& piece) {
    if (pieces_read++ == 0) tell(first_piece_fetched{.is_known = piece.stamp <= source.base(piece.stream)});
    if (is_stopped) return false;
    const auto result = source.take(piece);
    if (result != join_result::known) tell(piece_fetched{result, source.held()});
    return true;
  }

  void end_fetch(log_end how, std::string_view why) {
    const auto self = shared_from_this();
    const auto reader = std::move(fetch_reader);  // this is called from within it
    tell(fetch_ended{how, std::string(why), source.held()});
  }

  bool take_from_wakeup(const log_piece& piece) {
    const auto result = kept.take(piece, source);
    if (result == kept_lines::take_result::known) return true;
    tell(wakeup_received{.ends_line = result == kept_lines::take_result::line, .kept = kept.bytes()});
    return true;
  }

  void end_wakeup() {
    const auto self = shared_from_this();
    const auto reader = std::move(wakeup_reader);  // this is called from within it
    host.release_wakeup();
    tell(wakeup_ended{});
  }

  // ---- what is to be done ----

  void carry_out(const do_wait& what) {
    timer.expires_at(what.until);
    timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (!error && self) self->tell(wait_elapsed{});
    });
  }

  void carry_out(const do_request_slot&) { host.request_slot(container.id); }
  void carry_out(const do_release_slot&) { host.release_slot(); }

  void carry_out(const do_fetch& what) {
    pieces_read = 0;
    is_stopped = false;
    source.begin_answer();
    docker::log_request request{.container = container.id, .tty = container.tty, .tail = what.tail};
    if (!what.tail) {
      request.since = std::min(source.base(docker::log_stream::out), source.base(docker::log_stream::error));
    }
    fetch_reader = open_reader(request, fetch_to, [this](log_end how, std::string_view why) { end_fetch(how, why); });
  }
  void carry_out(const do_stop_fetch&) { is_stopped = true; }
  void carry_out(const do_pause_fetch&) { fetch_reader->pause(); }
  void carry_out(const do_resume_fetch&) { fetch_reader->resume(); }
  void carry_out(const do_drop_open_lines&) { source.drop_open(); }

  void carry_out(const do_finish_answer& what) {
    if (what.ends_open_lines) source.end_lines();
    source.end_answer();
    kept.drop_fetched(source);
    if (what.trims_kept) kept.trim(k_kept_resume);
    tell(answer_finished{.held = source.held(), .kept = kept.bytes()});
  }

  void carry_out(const do_open_wakeup&) {
    if (!host.acquire_wakeup()) return tell(wakeup_refused{});
    kept.reset(source);
    // One piece back, so that what was written since the last fetch comes, too.
    const docker::log_request request{.container = container.id, .tty = container.tty, .follow = true, .tail = 1};
    wakeup_reader = open_reader(request, wakeup_to, [this](log_end, std::string_view) { end_wakeup(); });
    tell(wakeup_opened{});
  }
  void carry_out(const do_close_wakeup&) {
    wakeup_reader.reset();
    host.release_wakeup();
  }
  void carry_out(const do_pause_wakeup&) { wakeup_reader->pause(); }
  void carry_out(const do_resume_wakeup&) { wakeup_reader->resume(); }

  void carry_out(const do_write_kept&) {
    kept.move_to(source, k_held_pause);
    tell(kept_written{.held = source.held(), .kept = kept.bytes()});
  }
  void carry_out(const do_write_open_kept&) { kept.move_open_to(source); }

  void carry_out(const do_flush& what) {
    host.request_write(container.id, what.is_urgent ? urgency::urgent : urgency::normal);
  }
  void carry_out(const do_warn& what) {
    host.log(level::warning,
             container.site + ": the log of container " + container.id.substr(0, 12) + " " + what.problem);
  }

  std::unique_ptr<log_reader> open_reader(const docker::log_request& request, docker::log_sink& sink,
                                          std::function<void(log_end, std::string_view)> ended) {
    return std::make_unique<log_reader>(host.io(), host.engine(), request, host.scratch(), sink,
                                        log_reader::handlers{.opened = {}, .ended = std::move(ended)});
  }

  follower_host& host;
  followed_container container;
  log_source source;
  kept_lines kept;
  follow_policy policy;
  fetch_sink fetch_to;
  wakeup_sink wakeup_to;
  std::unique_ptr<log_reader> fetch_reader;
  std::unique_ptr<log_reader> wakeup_reader;
  asio::steady_timer timer;
  std::uint64_t pieces_read = 0;  // of this answer
  bool is_stopped = false;        // it is read no further
};

log_follower::log_follower(follower_host& host, const followed_container& container, log_source source, bool is_known)
    : impl_(std::make_shared<impl>(host, container, std::move(source), is_known)) {
  impl_->tell(follow_started{});
}

log_follower::~log_follower() = default;

void log_follower::update(const followed_container& container) {
  auto& i = *impl_;
  i.container = container;
  i.source.site = container.site;
  i.source.group = container.group;
  i.tell(container_changed{state_of(container)});
}

void log_follower::leave() {
  impl_->tell(container_changed{container_state::removed});
}

void log_follower::grant_slot() {
  impl_->tell(slot_granted{});
}

void log_follower::resume() {
  impl_->tell(lines_written{impl_->source.held()});
}

log_source& log_follower::source() noexcept {
  return impl_->source;
}

bool log_follower::is_done() const noexcept {
  return impl_->policy.is_done();
}

}  // namespace heberg::syncd
