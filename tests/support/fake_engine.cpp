// SPDX-License-Identifier: LGPL-2.1-or-later
// Everything below runs on the engine's own thread; the public functions hand their work over to it and wait.
// Long because it is one protocol with one state, which all requests share.
#include "support/fake_engine.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <future>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>

namespace heberg::test {
namespace {

namespace asio = boost::asio;
using protocol = asio::local::stream_protocol;
using any_socket = asio::generic::stream_protocol::socket;
constexpr auto k_token = asio::as_tuple(asio::use_awaitable);

std::string make_id(std::uint64_t number) {
  char id[65];
  std::snprintf(id, sizeof id, "%064llx", static_cast<unsigned long long>(number));
  return id;
}

std::string http_head(int status, std::string_view reason, std::size_t length) {
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason) +
         "\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nServer: Docker/20.10.24 "
         "(linux)\r\nContent-Length: " +
         std::to_string(length) + "\r\n\r\n";
}

std::string http_error(int status, std::string_view reason, std::string_view message) {
  const std::string body = "{\"message\":\"" + std::string(message) + "\"}\n";
  return http_head(status, reason, body.size()) + body;
}

std::string chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

struct client {
  explicit client(any_socket s) : socket(std::move(s)), wake(socket.get_executor()) {
    wake.expires_at(asio::steady_timer::time_point::max());
  }

  void close() {
    boost::system::error_code ignored;
    socket.close(ignored);
    wake.cancel();
  }

  any_socket socket;
  std::string input;
  asio::steady_timer wake;  // of an event stream: there is something in `pending`
  std::string pending;
};

struct entry {
  // Once for all that ask: a benchmark is not to measure us.
  void render() {
    inspect = inspect_json(container) + "\n";
    list_stem = list_entry_stem(container);
  }

  fake_container container;
  std::string inspect;
  std::string list_stem;
  std::uint64_t inspects = 0;
  fake_log log;
  std::set<std::shared_ptr<client>> followers;  // of its log
};

}  // namespace

struct fake_engine::impl {
  // Runs the function on the engine's thread and waits for its result.
  template <class function>
  auto on_thread(function f) {
    std::packaged_task<decltype(f())()> task(std::move(f));
    auto result = task.get_future();
    asio::post(io, [&task] { task(); });
    return result.get();
  }

  explicit impl(std::filesystem::path path) : socket_path(std::move(path)), acceptor(io) {
    listen();
    thread = std::thread([this] { io.run(); });
  }

  ~impl() {
    on_thread([this] {
      close_all();
      acceptor.close();
      tcp_acceptor.reset();
      work.reset();
    });
    thread.join();
    ::unlink(socket_path.c_str());
  }

  void listen() {
    ::unlink(socket_path.c_str());
    acceptor.open();
    acceptor.bind(protocol::endpoint(socket_path.string()));
    acceptor.listen();
    asio::co_spawn(io, accept(acceptor), asio::detached);
  }

  std::string listen_on_tcp() {
    tcp_acceptor.emplace(io, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    asio::co_spawn(io, accept(*tcp_acceptor), asio::detached);
    return "tcp://127.0.0.1:" + std::to_string(tcp_acceptor->local_endpoint().port());
  }

  template <class acceptor_type>
  asio::awaitable<void> accept(acceptor_type& from) {
    for (;;) {
      auto [error, socket] = co_await from.async_accept(k_token);
      if (error) co_return;
      ++counts.connections;
      asio::co_spawn(io, serve(std::make_shared<client>(any_socket(std::move(socket)))), asio::detached);
    }
  }

  asio::awaitable<void> serve(std::shared_ptr<client> c) {
    clients.insert(c);
    for (;;) {
      const auto [error, length] =
          co_await asio::async_read_until(c->socket, asio::dynamic_buffer(c->input, 64 << 10), "\r\n\r\n", k_token);
      if (error) break;
      const std::string target = c->input.substr(4, c->input.find(' ', 4) - 4);  // "GET /… HTTP/1.1"
      c->input.erase(0, length);
      if (!co_await answer(c, target)) break;
    }
    c->close();
    clients.erase(c);
    streams.erase(c);
  }

  // False: the connection ends here.
  asio::awaitable<bool> answer(std::shared_ptr<client> c, std::string target) {
    if (hanging) co_return co_await never(c);
    std::string path = target.substr(0, target.find('?'));
    if (path.starts_with("/v1.")) path.erase(0, path.find('/', 1));
    if (path == "/version") co_return co_await reply(c, engine_call::version, target, counts.versions, version_json());
    if (path == "/_ping") co_return co_await reply(c, engine_call::ping, target, counts.pings, "OK");
    if (path == "/containers/json") co_return co_await reply(c, engine_call::list, target, counts.lists, list_json());
    if (path == "/events") co_return co_await stream_events(c, target);
    if (path.starts_with("/containers/") && path.ends_with("/logs"))
      co_return co_await reply_logs(c, target, path.substr(12, path.size() - 17));
    if (path.starts_with("/containers/") && path.ends_with("/json"))
      co_return co_await reply_inspect(c, target, path.substr(12, path.size() - 17));
    if (path.starts_with("/images/") && path.ends_with("/json"))
      co_return co_await reply_image(c, target, path.substr(8, path.size() - 13));
    ++counts.unknown;
    co_return co_await send(c, http_error(404, "Not Found", "page not found"));
  }

  asio::awaitable<bool> reply_inspect(std::shared_ptr<client> c, std::string target, std::string id) {
    const auto found = by_id.find(id);
    if (found == by_id.end()) {
      ++counts.inspects;
      co_return co_await send(c, http_error(404, "Not Found", "No such container: " + id));
    }
    auto& e = *found->second;
    ++e.inspects;
    co_return co_await reply(c, engine_call::inspect, target, counts.inspects, e.inspect, e.container.name);
  }

  asio::awaitable<bool> reply_image(std::shared_ptr<client> c, std::string target, std::string id) {
    for (const auto& [name, e] : by_name) {
      if (image_id_of(e->container) != id) continue;
      const auto body = image_json(e->container);
      co_return co_await reply(c, engine_call::image, target, counts.images, body, name);
    }
    ++counts.images;
    co_return co_await send(c, http_error(404, "Not Found", "No such image: " + id));
  }

  // As Docker answers in HTTP/1.0: bare bytes, until the connection is closed.
  asio::awaitable<bool> reply_logs(std::shared_ptr<client> c, std::string target, std::string id) {
    ++counts.logs;
    const auto query = parse_log_query(target);
    const auto found = by_id.find(id);
    auto e = found == by_id.end() ? nullptr : found->second;
    const auto refuse = [](int status, const std::string& message) {
      return "HTTP/1.0 " + std::to_string(status) + " No\r\nServer: Docker\r\n\r\n{\"message\":\"" + message + "\"}\n";
    };
    if (e == nullptr || e->log.status != 200) {
      // Made before the co_await: what GCC 12 compiles frees a conditional temporary in it twice.
      const auto refusal = e == nullptr ? refuse(404, "no") : refuse(e->log.status, e->log.refusal);
      co_await send(c, refusal);
      co_return false;
    }
    if (const auto fault = take_fault(engine_call::logs, e->container.name)) {
      if (*fault == engine_fault::hang) co_return co_await never(c);
      if (*fault == engine_fault::cut) {
        std::string half = "HTTP/1.0 200 OK\r\nServer: Docker\r\n\r\n";
        for (auto i = first_of(e->log, query); i < e->log.entries.size(); ++i)
          half += log_frame(e->log.entries[i], e->container.tty);
        half.resize(half.size() - std::min<std::size_t>(half.size(), 3));
        co_await send(c, half);
      }
      co_return false;
    }
    if (!co_await send(c, "HTTP/1.0 200 OK\r\nServer: Docker\r\n\r\n")) co_return false;
    auto at = first_of(e->log, query);
    const auto end = e->log.entries.size();
    if (query.follow) {
      e->followers.insert(c);
      asio::co_spawn(io, notice_end(c), asio::detached);
    }
    std::size_t given = 0;
    for (;;) {
      std::string bytes;
      while (at < (query.follow ? e->log.entries.size() : end) && bytes.size() < (256 << 10)) {
        const auto& entry = e->log.entries[at++];
        ++given;
        if (query.follow && e->log.lose_when_following > 0 &&
            given % static_cast<std::size_t>(e->log.lose_when_following) == 0)
          continue;
        bytes += log_frame(entry, e->container.tty);
        if (query.follow && e->log.repeat_when_following) bytes += log_frame(entry, e->container.tty);
      }
      if (!bytes.empty()) {
        if (!co_await send(c, std::move(bytes))) break;
        continue;
      }
      if (!query.follow || e->container.state != "running") break;
      co_await c->wake.async_wait(k_token);
      if (!c->socket.is_open()) break;
    }
    e->followers.erase(c);
    co_return false;
  }

  static void wake_followers(const entry& e) {
    for (const auto& c : e.followers) c->wake.cancel();
  }

  asio::awaitable<bool> reply(std::shared_ptr<client> c, engine_call call, std::string target, std::uint64_t& count,
                              std::string body, std::string name = {}) {
    ++count;
    targets[static_cast<std::size_t>(call)] = target;
    const auto fault = take_fault(call, name);
    if (!fault) {
      const std::string head = http_head(200, "OK", body.size());
      const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
      const auto [error, ignored] = co_await asio::async_write(c->socket, parts, k_token);
      co_return !error;
    }
    co_return co_await misbehave(c, *fault, body);
  }

  asio::awaitable<bool> misbehave(std::shared_ptr<client> c, engine_fault fault, std::string body) {
    const std::string half = body.substr(0, body.size() / 2);
    switch (fault) {
      case engine_fault::close:
        co_return false;
      case engine_fault::cut:
        co_await send(c, http_head(200, "OK", body.size()) + half);
        co_return false;
      case engine_fault::malformed:
        co_return co_await send(c, http_head(200, "OK", half.size()) + half);
      case engine_fault::wrong_shape:
        co_return co_await send(c, http_head(200, "OK", 4) + "\"OK\"");
      case engine_fault::not_found:
        co_return co_await send(c, http_error(404, "Not Found", "No such container"));
      case engine_fault::server_error:
        co_return co_await send(c, http_error(500, "Internal Server Error", "out of luck"));
      case engine_fault::huge:
        co_return co_await send_without_end(c);
      case engine_fault::hang:
        co_return co_await never(c);
    }
    co_return false;
  }

  asio::awaitable<bool> send(std::shared_ptr<client> c, std::string bytes) {
    const auto [error, ignored] = co_await asio::async_write(c->socket, asio::buffer(bytes), k_token);
    co_return !error;
  }

  asio::awaitable<bool> send_without_end(std::shared_ptr<client> c) {
    if (!co_await send(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"))
      co_return false;
    const std::string block = chunk(std::string(64 << 10, '['));
    while (co_await send(c, block)) {
    }
    co_return false;
  }

  // Until the client or the test closes the connection.
  asio::awaitable<bool> never(std::shared_ptr<client> c) {
    char byte = 0;
    static_cast<void>(co_await c->socket.async_read_some(asio::buffer(&byte, 1), k_token));
    co_return false;
  }

  asio::awaitable<bool> stream_events(std::shared_ptr<client> c, std::string target) {
    ++counts.events;
    targets[static_cast<std::size_t>(engine_call::events)] = target;
    if (const auto fault = take_fault(engine_call::events, ""))
      co_return co_await misbehave(c, *fault, "{\"Type\":\"container\"}\n");
    // Events arrive from here on, as with Docker: what happens before the head is read must not be lost.
    streams.insert(c);
    if (!co_await send(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"))
      co_return false;
    asio::co_spawn(io, notice_end(c), asio::detached);
    while (c->socket.is_open()) {
      if (c->pending.empty()) {
        co_await c->wake.async_wait(k_token);
        continue;
      }
      if (!co_await send(c, chunk(std::exchange(c->pending, {})))) break;
    }
    co_return false;
  }

  asio::awaitable<void> notice_end(std::shared_ptr<client> c) {
    co_await never(c);
    c->close();
  }

  void send_event(std::string_view line) {
    if (hanging) return;
    for (const auto& c : streams) {
      c->pending.append(line).append("\n");
      c->wake.cancel();
    }
  }

  std::optional<engine_fault> take_fault(engine_call call, const std::string& name) {
    for (auto f = faults.begin(); f != faults.end(); ++f) {
      if (f->call != call || (!f->name.empty() && f->name != name)) continue;
      const auto effect = f->effect;
      if (--f->times == 0) faults.erase(f);
      return effect;
    }
    return std::nullopt;
  }

  std::string version_json() const {
    return R"({"Platform":{"Name":""},"Version":"20.10.24+dfsg1","ApiVersion":")" + newest + R"(","MinAPIVersion":")" +
           oldest +
           R"(","Os":"linux","Arch":"amd64"})"
           "\n";
  }

  std::string list_json() const {
    std::string text = "[";
    for (const auto& [name, e] : by_name) {
      if (text.size() > 1) text += ",";
      text += list_entry_json(e->container, e->list_stem);
    }
    return text + "]\n";
  }

  void close_all() {
    for (const auto& c : clients) c->close();
  }

  entry& find(const std::string& name) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) throw std::logic_error("the fake engine has no container " + name);
    return *found->second;
  }

  std::string add(fake_container c) {
    if (c.id.empty()) c.id = make_id(0xabc0000000000000 + ++made);
    const std::string id = c.id;
    auto e = std::make_shared<entry>();
    e->container = std::move(c);
    e->render();
    if (!by_name.emplace(e->container.name, e).second)
      throw std::logic_error("the fake engine has " + e->container.name);
    by_id.emplace(id, std::move(e));
    return id;
  }

  void remove(const std::string& name) {
    auto& going = find(name);
    const auto id = going.container.id;
    going.container.state = "dead";  // who follows reads to the end
    wake_followers(going);
    by_name.erase(name);
    by_id.erase(id);
  }

  asio::io_context io{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work{io.get_executor()};
  std::filesystem::path socket_path;
  protocol::acceptor acceptor;
  std::optional<asio::ip::tcp::acceptor> tcp_acceptor;
  std::set<std::shared_ptr<client>> clients;
  std::set<std::shared_ptr<client>> streams;
  std::map<std::string, std::shared_ptr<entry>> by_name;
  std::unordered_map<std::string, std::shared_ptr<entry>> by_id;
  std::list<injected_fault> faults;
  std::array<std::string, 7> targets;  // by engine_call
  counters counts;
  std::uint64_t made = 0;
  bool hanging = false;
  std::string newest = "1.41";
  std::string oldest = "1.12";
  std::thread thread;
};

fake_engine::fake_engine(std::filesystem::path socket) : impl_(std::make_unique<impl>(std::move(socket))) {}
fake_engine::~fake_engine() = default;

std::string fake_engine::host() const {
  return "unix://" + impl_->socket_path.string();
}

std::string fake_engine::listen_on_tcp() {
  return impl_->on_thread([this] { return impl_->listen_on_tcp(); });
}

std::string fake_engine::add(fake_container c) {
  return impl_->on_thread([&] {
    const auto id = impl_->add(std::move(c));
    const auto& added = impl_->by_id.at(id)->container;
    impl_->send_event(container_event_json(added, "create"));
    if (added.state == "created") return id;
    for (const auto& [network, address] : added.networks)
      impl_->send_event(network_event_json(added, "connect", network));
    impl_->send_event(container_event_json(added, "start"));
    return id;
  });
}

std::string fake_engine::add_silently(fake_container c) {
  return impl_->on_thread([&] { return impl_->add(std::move(c)); });
}

void fake_engine::remove(const std::string& name) {
  impl_->on_thread([&] {
    const auto c = impl_->find(name).container;
    impl_->remove(name);
    if (c.state == "running") impl_->send_event(container_event_json(c, "die"));
    impl_->send_event(container_event_json(c, "destroy"));
  });
}

void fake_engine::remove_silently(const std::string& name) {
  impl_->on_thread([&] { impl_->remove(name); });
}

void fake_engine::change(const std::string& name, const std::function<void(fake_container&)>& edit,
                         std::string_view action) {
  impl_->on_thread([&] {
    auto& e = impl_->find(name);
    edit(e.container);
    e.render();
    impl_->wake_followers(e);
    if (e.container.name != name) {
      auto node = impl_->by_name.extract(name);
      node.key() = e.container.name;
      impl_->by_name.insert(std::move(node));
    }
    if (!action.empty()) impl_->send_event(container_event_json(e.container, action));
  });
}

void fake_engine::connect(const std::string& name, const std::string& network, const std::string& address) {
  impl_->on_thread([&] {
    auto& e = impl_->find(name);
    e.container.networks[network] = address;
    e.render();
    impl_->send_event(network_event_json(e.container, "connect", network));
  });
}

void fake_engine::disconnect(const std::string& name, const std::string& network) {
  impl_->on_thread([&] {
    auto& e = impl_->find(name);
    e.container.networks.erase(network);
    e.render();
    impl_->send_event(network_event_json(e.container, "disconnect", network));
  });
}

void fake_engine::send_event(std::string_view line) {
  impl_->on_thread([&] { impl_->send_event(line); });
}

void fake_engine::inject(injected_fault fault) {
  impl_->on_thread([&] { impl_->faults.push_back(std::move(fault)); });
}

void fake_engine::change_log(const std::string& name, const std::function<void(fake_log&)>& edit) {
  impl_->on_thread([&] {
    auto& e = impl_->find(name);
    edit(e.log);
    impl_->wake_followers(e);
  });
}

void fake_engine::cut_events() {
  impl_->on_thread([&] {
    for (const auto& c : impl_->streams) c->close();
  });
}

void fake_engine::close_connections() {
  impl_->on_thread([&] { impl_->close_all(); });
}

void fake_engine::go_away() {
  impl_->on_thread([&] {
    impl_->acceptor.close();
    ::unlink(impl_->socket_path.c_str());
    impl_->close_all();
  });
}

void fake_engine::come_back() {
  impl_->on_thread([&] { impl_->listen(); });
}

void fake_engine::hang(bool hanging) {
  impl_->on_thread([&] { impl_->hanging = hanging; });
}

void fake_engine::set_versions(std::string newest, std::string oldest) {
  impl_->on_thread([&] {
    impl_->newest = std::move(newest);
    impl_->oldest = std::move(oldest);
  });
}

fake_engine::counters fake_engine::count() const {
  return impl_->on_thread([&] { return impl_->counts; });
}

std::uint64_t fake_engine::count_inspects(const std::string& name) const {
  return impl_->on_thread([&] { return impl_->find(name).inspects; });
}

std::size_t fake_engine::count_open_connections() const {
  return impl_->on_thread([&] { return impl_->clients.size(); });
}

std::string fake_engine::last_target(engine_call call) const {
  return impl_->on_thread([&] { return impl_->targets[static_cast<std::size_t>(call)]; });
}

std::chrono::nanoseconds fake_engine::cpu_time() const {
  clockid_t clock{};
  timespec used{};
  if (pthread_getcpuclockid(impl_->thread.native_handle(), &clock) != 0 || clock_gettime(clock, &used) != 0) return {};
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace heberg::test
