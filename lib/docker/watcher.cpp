// SPDX-License-Identifier: LGPL-2.1-or-later
// Carries out what watch.h decides. A session is one stay with the engine: its event stream and the connections beside
// it; when any vital part of it fails, it is closed as a whole and the next one begins.
#include "docker/watcher.h"

#include "docker/api.h"
#include "docker/connection.h"
#include "docker/lines.h"
#include "docker/watch.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <random>
#include <stdexcept>
#include <utility>

namespace heberg::docker {
namespace {

namespace asio = boost::asio;
constexpr auto k_token = asio::as_tuple(asio::use_awaitable);

// "GET …: answers 500: {"message":"…"}", where the status is not what it should be.
std::string complain(std::string_view operation, const answer& a) {
  if (!a.problem.empty()) return a.problem;
  return std::string(operation) + ": the engine answers " + std::to_string(a.status) + " " + a.body.substr(0, 200);
}

struct session {
  session(asio::io_context& context, const endpoint& where)
      : io(context), engine(where), events(context.get_executor(), where), ping_timer(context) {}

  // An idle connection, a new one where there is none. The watch bounds how many are out at once.
  std::shared_ptr<connection> take() {
    if (idle.empty()) return all.emplace_back(std::make_shared<connection>(io.get_executor(), engine));
    auto c = std::move(idle.back());
    idle.pop_back();
    return c;
  }

  void give_back(std::shared_ptr<connection> c) { idle.push_back(std::move(c)); }

  void close() noexcept {
    closed = true;
    events.close();
    ping_timer.cancel();
    for (const auto& c : all) c->close();
  }

  asio::io_context& io;
  endpoint engine;
  api_version version;
  connection events;
  std::vector<std::shared_ptr<connection>> all;
  std::vector<std::shared_ptr<connection>> idle;
  asio::steady_timer ping_timer;
  bool closed = false;
};

using session_pointer = std::shared_ptr<session>;

}  // namespace

struct watcher::impl : std::enable_shared_from_this<impl> {
  impl(asio::io_context& context, watch_options wanted, watch_handlers on)
      : io(context),
        options(std::move(wanted)),
        engine(parse_endpoint(options.host)),
        handlers(std::move(on)),
        machine(options, std::random_device{}()),
        timers{asio::steady_timer(io), asio::steady_timer(io), asio::steady_timer(io), asio::steady_timer(io)},
        image_news(io, asio::steady_timer::time_point::max()) {}

  void stop() noexcept {
    stopped = true;
    if (current) current->close();
    current.reset();
    for (auto& timer : timers) timer.cancel();
    image_news.cancel();
  }

  void feed(watch_input input) {
    for (auto& action : machine.resume(std::move(input))) {
      if (stopped) return;  // by a handler
      std::visit([this](auto& a) { carry_out(a); }, action);
    }
  }

  // Exceptions that reach the top of a coroutine are the handlers' own, or bugs here: they leave io_context::run().
  void spawn(asio::awaitable<void> work) {
    asio::co_spawn(io, std::move(work), [self = shared_from_this()](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }

  // ---- actions ----

  void carry_out(const do_subscribe&) {
    current = std::make_shared<session>(io, engine);
    spawn(follow(current));
  }
  void carry_out(const do_list&) { spawn(list(current)); }
  void carry_out(do_inspect& a) { spawn(inspect(current, std::move(a.id))); }
  void carry_out(const do_wait& a) {
    auto& timer = timers[static_cast<std::size_t>(a.timer)];
    timer.expires_after(a.delay);
    timer.async_wait([self = shared_from_this(), which = a.timer](const boost::system::error_code& error) {
      if (!error && !self->stopped) self->feed(watch_elapsed{which});
    });
  }
  void carry_out(const do_report_synced&) {
    if (handlers.synced) handlers.synced(machine.known());
  }
  void carry_out(const do_report_changed& a) {
    if (handlers.changed) handlers.changed(machine.known(), a.ids);
  }
  void carry_out(const do_report_lost& a) {
    if (handlers.lost) handlers.lost(a.reason);
  }
  void carry_out(const do_log& a) {
    if (handlers.log) handlers.log(a.level, a.message);
  }

  // ---- a session ----

  void lose(const session_pointer& s, std::string reason, bool absent = false) {
    if (s->closed) return;
    s->close();
    current.reset();
    feed(watch_disconnected{std::move(reason), absent});
  }

  // Version, subscription, then events for as long as they come.
  asio::awaitable<void> follow(session_pointer s) {
    if (!co_await agree_on_version(s)) co_return;
    const auto opened = co_await s->events.open_stream(events_target(s->version), options.request_timeout);
    if (s->closed) co_return;
    if (opened.status != 200) {
      lose(s, complain("GET /events", opened), opened.absent);
      co_return;
    }
    ++calls.connects;
    spawn(ping(s));
    feed(watch_subscribed{});
    line_cutter lines(k_event_bytes_max);
    while (!s->closed) {
      const auto part = co_await s->events.read_stream();
      if (s->closed) co_return;
      if (!part.problem.empty()) {
        lose(s, part.problem);
        co_return;
      }
      if (!take_events(lines, part.body)) lose(s, "an event of the engine cannot be read");
    }
  }

  asio::awaitable<bool> agree_on_version(session_pointer s) {
    auto c = s->take();
    const auto a = co_await c->get(version_target(), k_version_bytes_max, options.request_timeout);
    if (s->closed) co_return false;
    s->give_back(std::move(c));
    if (a.status != 200) {
      lose(s, complain("GET /version", a), a.absent);
      co_return false;
    }
    const auto engine_speaks = parse_version(a.body);
    if (!engine_speaks.value) {
      lose(s, "the answer to GET /version " + engine_speaks.problem);
      co_return false;
    }
    const auto agreed = negotiate(*engine_speaks.value);
    if (!agreed.value) {
      lose(s, "the engine " + agreed.problem);
      co_return false;
    }
    s->version = *agreed.value;
    co_return true;
  }

  // False: the stream cannot be trusted any more. A new session lists all containers, which makes up for what was
  // missed.
  bool take_events(line_cutter& cutter, std::string_view bytes) {
    const auto lines = cutter.feed(bytes);
    if (!lines) return false;
    watch_events found;
    for (const auto& line : *lines) {
      auto e = parse_event(line);
      if (!e.value) return false;
      if (e.value->kind != event_kind::other) found.events.push_back(std::move(*e.value));
    }
    if (!found.events.empty()) feed(std::move(found));
    return true;
  }

  asio::awaitable<void> list(session_pointer s) {
    auto c = s->take();
    ++calls.lists;
    const auto a = co_await c->get(list_target(s->version), k_list_bytes_max, options.request_timeout);
    if (s->closed) co_return;
    s->give_back(std::move(c));
    if (a.status != 200) {
      lose(s, complain("GET /containers/json", a), a.absent);
      co_return;
    }
    auto entries = parse_list(a.body);
    if (entries.value) {
      feed(watch_listed{std::move(*entries.value)});
    } else {
      lose(s, "the answer to GET /containers/json " + entries.problem);
    }
  }

  asio::awaitable<void> inspect(session_pointer s, std::string id) {
    auto c = s->take();
    ++calls.inspects;
    const auto a = co_await c->get(inspect_target(s->version, id), k_inspect_bytes_max, options.request_timeout);
    if (s->closed) co_return;
    auto found = judge_inspection(id, a);
    if (auto* inspected = std::get_if<watch_inspected>(&found); inspected != nullptr) {
      const auto image = inspected->value.image_id;
      const auto problem = co_await learn_image(s, *c, image);
      if (s->closed) co_return;
      if (!problem.empty()) found = watch_inspect_failed{id, problem};
      if (const auto known = images.find(image); problem.empty() && known != images.end())
        inspected->value.image_gives = known->second;
    }
    s->give_back(std::move(c));
    feed(std::move(found));
  }

  // What the image gives to its containers, asked once for all of them. Says why it could not be asked; an engine that
  // has no such image any more, or tells nothing of images, has answered.
  asio::awaitable<std::string> learn_image(session_pointer s, connection& c, std::string id) {
    while (asked_images.contains(id)) {
      co_await image_news.async_wait(k_token);
      if (s->closed) co_return std::string();
    }
    if (images.contains(id)) co_return std::string();
    image_config nothing;
    nothing.is_unknown = true;
    if (!is_image_id(id)) {
      images.emplace(id, std::make_shared<const image_config>(std::move(nothing)));
      co_return std::string();
    }
    asked_images.insert(id);
    ++calls.images;
    const auto a = co_await c.get(image_target(s->version, id), k_inspect_bytes_max, options.request_timeout);
    asked_images.erase(id);
    image_news.cancel();
    if (s->closed) co_return std::string();
    if (!a.problem.empty() || a.status >= 500)
      co_return "its image " + id.substr(0, 19) + ": " + complain("inspect", a);
    auto image = a.status == 200 ? parse_image(a.body) : parsed<image_config>{std::move(nothing), {}};
    if (!image.value) co_return "the inspection of its image " + image.problem;
    if (image.value->is_unknown && handlers.log)
      handlers.log(log_level::warning, "image " + id.substr(0, 19) + ": the engine answers " +
                                           std::to_string(a.status) +
                                           ": labels heberg.proxy.* of its containers do not count");
    std::erase_if(images, [](const auto& known) { return known.second.use_count() == 1; });
    images.insert_or_assign(id, std::make_shared<const image_config>(std::move(*image.value)));
    co_return std::string();
  }

  static watch_input judge_inspection(const std::string& id, const answer& a) {
    if (is_no_such_container(a.status, a.body)) return watch_vanished{id};
    if (a.status != 200) return watch_inspect_failed{id, complain("inspect", a)};
    auto c = parse_inspect(a.body);
    if (!c.value) return watch_inspect_failed{id, "its inspection " + c.problem};
    if (c.value->id != id) return watch_inspect_failed{id, "its inspection answers for another container"};
    return watch_inspected{std::move(*c.value)};
  }

  // An engine that hangs keeps its event stream open and silent; only a question finds out.
  asio::awaitable<void> ping(session_pointer s) {
    for (;;) {
      s->ping_timer.expires_after(options.ping_interval);
      co_await s->ping_timer.async_wait(k_token);
      if (s->closed) co_return;
      auto c = s->take();
      const auto a = co_await c->get(ping_target(), k_version_bytes_max, options.request_timeout);
      if (s->closed) co_return;
      s->give_back(std::move(c));
      if (a.status != 200) {
        lose(s, complain("GET /_ping", a));
        co_return;
      }
    }
  }

  asio::io_context& io;
  watch_options options;
  endpoint engine;
  watch_handlers handlers;
  watch machine;
  counters calls;
  std::array<asio::steady_timer, 4> timers;  // by watch_timer
  session_pointer current;
  std::map<std::string, std::shared_ptr<const image_config>> images;  // by id, of the containers that are known
  std::set<std::string> asked_images;                                 // that the engine is being asked about
  asio::steady_timer image_news;
  bool stopped = false;
};

watcher::watcher(asio::io_context& io, watch_options options, watch_handlers handlers)
    : impl_(std::make_shared<impl>(io, std::move(options), std::move(handlers))) {}

watcher::~watcher() {
  impl_->stop();
}

void watcher::start() {
  asio::post(impl_->io, [self = impl_] {
    if (!self->stopped) self->feed(watch_started{});
  });
}

void watcher::stop() {
  impl_->stop();
}

watcher::counters watcher::count_calls() const noexcept {
  return impl_->calls;
}

containers fetch_containers(const watch_options& options) {
  asio::io_context io(1);
  containers result;
  std::string problem;
  watcher* self = nullptr;
  watcher w(io, options,
            {.synced =
                 [&result, &self](const containers& all) {
                   result = all;
                   self->stop();
                 },
             .changed = {},
             .lost =
                 [&problem, &self](std::string_view reason) {
                   problem = reason;
                   self->stop();
                 },
             .log = {}});
  self = &w;
  w.start();
  io.run();
  if (!problem.empty()) throw std::runtime_error(problem);
  return result;
}

}  // namespace heberg::docker
