// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/log_follower.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace heberg::syncd {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using docker::log_end;
using docker::log_piece;
using docker::log_reader;
using std::chrono::milliseconds;

// Of whole lines, in bytes. With what one read brings (64 KB) and the last words, 256 KB of a container at most.
constexpr std::size_t k_urgent = 96 << 10;
constexpr std::size_t k_pause = 128 << 10;
constexpr std::size_t k_resume = 48 << 10;
constexpr std::size_t k_last_words = 64 << 10;

constexpr std::uint32_t k_tail_least = 64;  // pieces asked for
constexpr std::uint32_t k_tail_most = 32'768;
constexpr std::uint32_t k_tail_growth = 8;

constexpr milliseconds k_after_bell = 50ms;  // what is written together is fetched together
// A bell that has lost its place says nothing: while lines come, and for a while after, we look without it.
constexpr milliseconds k_first_look = 1s;
constexpr milliseconds k_last_look = 64s;
constexpr milliseconds k_look_without_bell = 5s;
constexpr milliseconds k_retry_least = 100ms;
constexpr milliseconds k_retry_most = 5s;
constexpr int k_failures_told = 4;
constexpr int k_looks_after_leaving = 3;

}  // namespace

struct log_follower::impl : std::enable_shared_from_this<impl> {
  struct fetch_sink final : docker::log_sink {
    explicit fetch_sink(impl& owner) : owner_(owner) {}
    bool take(const log_piece& piece) override { return owner_.take_fetched(piece); }
    impl& owner_;
  };
  struct bell_sink final : docker::log_sink {
    explicit bell_sink(impl& owner) : owner_(owner) {}
    bool take(const log_piece& piece) override { return owner_.hear(piece); }
    impl& owner_;
  };

  impl(follower_host& h, const followed_container& w, log_source s, bool known)
      : host(h), what(w), source(std::move(s)), fetch_to(*this), bell_to(*this), timer(h.io()) {
    if (!known) tail = 0;
  }

  // ---- when to fetch ----

  void fetch_after(milliseconds delay) {
    if (closed || ended || speaking) return;
    const auto due = asio::steady_timer::clock_type::now() + delay;
    if (fetching || asked || (due_at && *due_at <= due)) {
      wanted_again = wanted_again || fetching;
      return;
    }
    due_at = due;
    timer.expires_at(due);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || self->closed) return;
      self->due_at.reset();
      self->asked = true;
      self->host.ask_turn(self->what.id);
    });
  }

  void begin_fetch() {
    if (!std::exchange(asked, false) || closed || ended || speaking) return host.give_back_turn();
    has_turn = true;
    fetching = true;
    wanted_again = false;
    is_first = true;
    was_up = what.is_up;
    bell_waited = bell_waits;
    source.begin_answer();
    docker::log_request request{.container = what.id, .tty = what.tty};
    if (tail > 0) {
      request.tail = tail;
    } else {
      request.since = std::min(source.base(docker::log_stream::out), source.base(docker::log_stream::error));
    }
    fetch = std::make_unique<log_reader>(
        host.io(), host.engine(), request, host.scratch(), fetch_to,
        log_reader::handlers{.opened = {},
                             .ended = [this](log_end how, std::string_view why) { end_fetch(how, why); }});
  }

  bool take_fetched(const log_piece& piece) {
    if (std::exchange(is_first, false) && tail > 0 && piece.stamp > source.base(piece.stream)) {
      is_short = true;
      return false;
    }
    const auto outcome = source.take(piece);
    if (outcome == line_joiner::outcome::known) return true;
    ++new_pieces;
    open_pieces = outcome == line_joiner::outcome::open ? open_pieces + 1 : 0;
    if (outcome != line_joiner::outcome::line) return true;
    ++new_lines;
    const auto held = source.held();
    if (held >= k_urgent) host.lines_wait(what.id, true);
    if (held >= k_pause && !paused) {
      paused = true;
      fetch->pause();
      give_back();  // the disk's wait is nobody else's
    }
    return true;
  }

  void give_back() {
    if (std::exchange(has_turn, false)) host.give_back_turn();
  }

  void end_fetch(log_end how, std::string_view why) {
    const auto self = shared_from_this();
    const auto reader = std::move(fetch);  // we are called from within it
    fetching = false;
    paused = false;
    give_back();
    if (!source.is_empty()) host.lines_wait(what.id, source.held() >= k_urgent);
    switch (how) {
      case log_end::eof:
        return end_answer();
      case log_end::stopped:
        return ask_for_more();
      case log_end::gone:
        return speak_last_words();
      case log_end::unsupported:
        host.say(level::warning, what.site + ": the log of container " + what.id.substr(0, 12) +
                                     " cannot be read, so access.log and error.log stay empty: " + std::string(why));
        ended = true;
        drop_bell();
        return;
      case log_end::failed:
        return retry(why);
    }
  }

  void ask_for_more() {
    source.drop_open();
    if (!std::exchange(is_short, false)) return retry("the answer was not read to its end");
    tail = tail >= k_tail_most ? 0 : tail * k_tail_growth;
    fetch_after(0ms);
  }

  void end_answer() {
    failures = 0;
    // With the container's end its open line is whole. It had ended before the answer began: the answer has all.
    if (!was_up && !what.is_up) source.end_lines();
    source.end_answer();
    if (!source.is_empty()) host.lines_wait(what.id, false);
    forget_heard();
    // An open line comes again with each answer; that alone is no news.
    const bool has_news = std::exchange(new_lines, 0) > 0 || open_pieces != last_open_pieces;
    last_open_pieces = std::exchange(open_pieces, 0);
    const auto pieces = std::exchange(new_pieces, 0);
    tail = static_cast<std::uint32_t>(std::min<std::uint64_t>(k_tail_most, k_tail_least + 2 * pieces));
    if (leaving) return end_leaving();
    // Lines that the bell should have rung for, and did not: it has lost its place.
    if (has_news && bell && !rang && is_look) drop_bell();
    const bool heard_more = std::exchange(rang, false) && !last_words.empty();
    is_look = true;
    if (!what.is_up) {
      if (has_news || wanted_again) fetch_after(k_first_look);
      return;
    }
    resume_bell();
    if (!bell && host.take_bell()) return open_bell();
    const auto longest = bell ? k_last_look + 1ms : k_look_without_bell;
    look_after = has_news ? k_first_look : std::min(look_after * 4, longest);
    if (heard_more || wanted_again) return fetch_after(k_after_bell);
    if (look_after <= k_last_look) fetch_after(look_after);
  }

  void end_leaving() {
    resume_bell();
    if (bell) return fetch_after(k_first_look);
    if (++looks_left_behind >= k_looks_after_leaving) return finish();
    fetch_after(k_first_look);
  }

  void retry(std::string_view why) {
    source.drop_open();
    new_pieces = new_lines = open_pieces = 0;
    if (++failures == k_failures_told) {
      host.say(level::warning, what.site + ": the log of container " + what.id.substr(0, 12) + ": " + std::string(why) +
                                   "; it is tried again");
    }
    fetch_after(back_off(failures));
  }

  static milliseconds back_off(int times) { return std::min(k_retry_most, k_retry_least * (1 << std::min(times, 8))); }

  // ---- the bell ----

  void open_bell() {
    heard = {line_joiner(source.streams[0].joiner.cursor()), line_joiner(source.streams[1].joiner.cursor())};
    last_words.clear();
    last_words_size = 0;
    // One piece back, so that what was written since the last fetch rings.
    const docker::log_request request{.container = what.id, .tty = what.tty, .follow = true, .tail = 1};
    bell = std::make_unique<log_reader>(
        host.io(), host.engine(), request, host.scratch(), bell_to,
        log_reader::handlers{.opened = {}, .ended = [this](log_end, std::string_view) { end_bell(); }});
    look_after = k_first_look;
    fetch_after(look_after);
  }

  bool hear(const log_piece& piece) {
    const auto i = logs::index_of(piece.stream);
    std::string line;
    const auto outcome = heard[i].take(piece.stamp, piece.text, piece.ends_line, line);
    if (outcome == line_joiner::outcome::known) return true;
    if (piece.stamp <= source.streams[i].joiner.cursor().stamp) return true;  // fetched already
    rang = true;
    is_look = false;
    fetch_after(k_after_bell);
    if (outcome != line_joiner::outcome::line) return true;
    last_words_size += line.size();
    last_words.push_back({piece.stream, piece.stamp, std::move(line)});
    if (speaking) {
      speak();
    } else if (last_words_size > k_last_words && !bell_waits) {
      // The engine keeps the rest for us meanwhile: even of a container that is removed, as long as we listen.
      bell_waits = true;
      bell->pause();
      fetch_after(0ms);
    }
    return true;
  }

  // Once there is room for what it says.
  void resume_bell() {
    if (bell && last_words_size <= k_last_words / 2 && std::exchange(bell_waits, false)) bell->resume();
  }

  void drop_bell() {
    if (std::exchange(bell, nullptr)) host.give_back_bell();
    bell_waits = false;
  }

  void end_bell() {
    const auto reader = std::move(bell);  // we are called from within it
    host.give_back_bell();
    bell_waits = false;
    if (speaking) return speak();
    // At once: a container that ends may be gone in a moment. Where that goes on, ever slower.
    const auto now = asio::steady_timer::clock_type::now();
    bell_ends = now - std::exchange(last_bell_end, now) < 2 * k_retry_most ? bell_ends + 1 : 0;
    fetch_after(bell_ends == 0 ? 0ms : back_off(bell_ends));
  }

  // What was fetched need not be kept. What should have been, and was not, the engine has lost meanwhile (its files are
  // few and small): that much of it is kept that the bell can go on.
  void forget_heard() {
    std::erase_if(last_words, [this](const word& said) {
      const bool is_known = said.stamp <= source.streams[logs::index_of(said.stream)].joiner.cursor().stamp;
      if (is_known) last_words_size -= said.line.size();
      return is_known;
    });
    while (bell_waited && last_words_size > k_last_words / 2) forget_oldest();
  }

  void forget_oldest() {
    last_words_size -= last_words.front().line.size();
    last_words.pop_front();
  }

  void speak_last_words() {
    if (!leaving) return fetch_after(k_first_look);  // the engine has not told of its removal yet
    source.drop_open();
    speaking = true;
    speak();
  }

  // From here on what the bell says is written: nothing else is left. At the disk's pace, as all else.
  void speak() {
    for (; !last_words.empty() && source.held() < k_pause; forget_oldest()) {
      const auto& said = last_words.front();
      source.take({said.stream, said.stamp, std::string_view(said.line).substr(0, said.line.size() - 1), true});
    }
    if (!source.is_empty()) host.lines_wait(what.id, source.held() >= k_urgent);
    if (!last_words.empty()) {
      if (bell && !std::exchange(bell_waits, true)) bell->pause();
      return;  // resume() goes on
    }
    if (bell) return resume_bell();  // it ends by itself
    for (const auto stream : logs::k_log_streams) {
      std::string line;
      if (heard[logs::index_of(stream)].end_line(line) != line_joiner::outcome::line) continue;
      line.pop_back();
      source.take({stream, heard[logs::index_of(stream)].cursor().stamp, line, true});
    }
    finish();
  }

  void finish() {
    ended = true;
    drop_bell();
    timer.cancel();
    host.lines_wait(what.id, false);
  }

  void close() {
    closed = true;
    timer.cancel();
    drop_bell();
    fetch.reset();
    give_back();
  }

  struct word {
    docker::log_stream stream;
    std::int64_t stamp;
    std::string line;
  };

  follower_host& host;
  followed_container what;
  log_source source;
  fetch_sink fetch_to;
  bell_sink bell_to;
  std::unique_ptr<log_reader> fetch;
  std::unique_ptr<log_reader> bell;
  asio::steady_timer timer;
  std::optional<asio::steady_timer::time_point> due_at;

  std::uint32_t tail = k_tail_least;  // pieces; 0: all
  std::uint64_t new_pieces = 0;
  std::uint64_t new_lines = 0;
  std::uint64_t open_pieces = 0;  // of lines that were open at the answer's end
  std::uint64_t last_open_pieces = 0;
  milliseconds look_after = k_first_look;
  int failures = 0;
  int bell_ends = 0;  // one soon after the other
  int looks_left_behind = 0;
  bool asked = false;
  bool has_turn = false;
  bool fetching = false;
  bool paused = false;
  bool is_first = false;
  bool is_short = false;
  bool was_up = false;
  bool wanted_again = false;
  bool rang = false;
  bool is_look = false;  // this fetch was not asked for by the bell
  bool leaving = false;
  bool bell_waits = false;   // paused: what it has said is to be fetched first
  bool bell_waited = false;  // before this fetch began
  bool speaking = false;     // the engine has nothing more: the bell's words are all there is
  bool ended = false;
  bool closed = false;

  std::array<line_joiner, 2> heard;
  std::deque<word> last_words;
  std::size_t last_words_size = 0;
  asio::steady_timer::time_point last_bell_end{};
};

log_follower::log_follower(follower_host& host, const followed_container& what, log_source source, bool known)
    : impl_(std::make_shared<impl>(host, what, std::move(source), known)) {
  impl_->fetch_after(0ms);
}

log_follower::~log_follower() {
  impl_->close();
}

void log_follower::update(const followed_container& what) {
  auto& i = *impl_;
  const bool came_up = what.is_up && !i.what.is_up;
  const bool went_down = !what.is_up && i.what.is_up;
  i.what = what;
  i.source.site = what.site;
  i.source.group = what.group;
  if (came_up) i.ended = false;  // a restart may have changed what can be read
  if (came_up || went_down) i.fetch_after(0ms);
}

void log_follower::leave() {
  if (std::exchange(impl_->leaving, true)) return;
  impl_->what.is_up = false;
  impl_->fetch_after(0ms);
}

void log_follower::take_turn() {
  impl_->begin_fetch();
}

void log_follower::resume() {
  auto& i = *impl_;
  if (i.speaking && !i.ended && i.source.held() <= k_resume) return i.speak();
  if (!i.paused || i.source.held() > k_resume) return;
  i.paused = false;
  i.fetch->resume();
}

log_source& log_follower::source() noexcept {
  return impl_->source;
}

bool log_follower::is_done() const noexcept {
  return impl_->leaving && impl_->ended;
}

}  // namespace heberg::syncd
