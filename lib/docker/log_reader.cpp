// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/log_reader.h"

#include "docker/parse.h"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace heberg::docker {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using stream_socket = asio::generic::stream_protocol::socket;

constexpr std::size_t k_head_max = 16 << 10;
constexpr std::size_t k_refusal_max = 300;
constexpr std::size_t k_reads_max = 4;  // full buffers one after the other: then other containers are read
// For an engine that does not answer, or stops in the middle. An answer that follows is as quiet as its container.
constexpr std::chrono::seconds k_answer_within{30};

// "HTTP/1.0 200 OK" -> 200; 0 for anything else.
unsigned status_of(std::string_view head) noexcept {
  if (!head.starts_with("HTTP/1.") || head.size() < 12 || head[8] != ' ') return 0;
  unsigned status = 0;
  const auto [end, error] = std::from_chars(head.data() + 9, head.data() + 12, status);
  return error == std::errc{} && end == head.data() + 12 ? status : 0;
}

bool is_chunked(std::string_view head) noexcept {
  return ::strcasestr(std::string(head).c_str(), "\r\ntransfer-encoding:") != nullptr;
}

}  // namespace

std::string log_target(const log_request& request) {
  std::string target = "/containers/" + request.container + "/logs?stdout=1&stderr=1&timestamps=1";
  if (request.follow) target += "&follow=1";
  if (request.tail) target += "&tail=" + std::to_string(*request.tail);
  if (request.since > 0) {
    constexpr std::int64_t k_second = 1'000'000'000;
    const auto fraction = std::to_string(k_second + request.since % k_second).substr(1);
    target += "&since=" + std::to_string(request.since / k_second) + "." + fraction;
  }
  return target;
}

struct log_reader::impl : std::enable_shared_from_this<impl> {
  impl(asio::io_context& context, const endpoint& where, const log_request& asked, std::shared_ptr<log_scratch> shared,
       log_sink& to, handlers handle)
      : io(context),
        engine(where),
        request(asked),
        scratch(std::move(shared)),
        sink(to),
        on(std::move(handle)),
        socket(io),
        decoder(asked.tty) {}

  void start() {
    if (const auto* local = std::get_if<unix_endpoint>(&engine)) {
      return connect(asio::local::stream_protocol::endpoint(local->path));
    }
    const auto& remote = std::get<tcp_endpoint>(engine);
    resolver.emplace(io);
    resolver->async_resolve(remote.host, std::to_string(remote.port),
                            [self = shared_from_this()](error_code error, const auto& found) {
                              if (self->closed) return;
                              if (error || found.empty()) return self->end(log_end::failed, error.message());
                              self->connect(found.begin()->endpoint());
                            });
  }

  void connect(const stream_socket::endpoint_type& place) {
    wait_for_answer();
    socket.async_connect(place, [self = shared_from_this()](error_code error) {
      if (self->closed) return;
      if (error) return self->end(log_end::failed, "connect to the engine: " + error.message());
      self->send();
    });
  }

  void wait_for_answer() {
    deadline.emplace(io, k_answer_within);
    deadline->async_wait([self = shared_from_this()](error_code error) {
      if (!error && !self->closed) self->end(log_end::failed, "the engine does not answer");
    });
  }

  // A few hundred bytes into an empty socket buffer: one call, which a socket takes whole.
  void send() {
    const auto text =
        "GET " + log_target(request) + " HTTP/1.0\r\nHost: docker\r\nUser-Agent: heberg/" HEBERG_VERSION "\r\n\r\n";
    socket.non_blocking(true);
    const auto sent = ::send(socket.native_handle(), text.data(), text.size(), MSG_NOSIGNAL);
    if (std::cmp_not_equal(sent, text.size())) return end(log_end::failed, "the engine takes no request");
    wait();
  }

  void wait() {
    if (waiting || paused || closed) return;
    waiting = true;
    socket.async_wait(stream_socket::wait_read, [self = shared_from_this()](error_code error) {
      self->waiting = false;
      if (self->closed) return;
      if (error) return self->end(log_end::failed, error.message());
      self->read();
    });
  }

  void read() {
    if (deadline) wait_for_answer();
    for (std::size_t reads = 0; reads < k_reads_max && !paused && !closed; ++reads) {
      const auto size = ::recv(socket.native_handle(), scratch->data(), scratch->size(), MSG_DONTWAIT);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (size < 0) return end(log_end::failed, std::string("read from the engine: ") + std::strerror(errno));
      if (size == 0) return finish();
      if (!take({scratch->data(), static_cast<std::size_t>(size)})) return;
      if (std::cmp_less(size, scratch->size())) break;
    }
    wait();
  }

  // False: ended.
  bool take(std::string_view bytes) {
    if (status != 0) return status == 200 ? decode(bytes) : take_refusal(bytes);
    head.append(bytes);
    const auto size = head.find("\r\n\r\n");
    if (size == std::string::npos) {
      if (head.size() > k_head_max) return end(log_end::failed, "the engine's answer has no head"), false;
      return true;
    }
    const auto whole = std::exchange(head, {});
    status = status_of(whole);
    if (status == 0 || is_chunked(std::string_view(whole).substr(0, size)))
      return end(log_end::failed, "the engine's answer is not HTTP/1.0"), false;
    if (status == 200) {
      if (request.follow) deadline.reset();
      const auto self = shared_from_this();
      if (on.opened) on.opened();
      if (closed) return false;
    }
    const auto rest = std::string_view(whole).substr(size + 4);
    return rest.empty() || take(rest);
  }

  bool decode(std::string_view bytes) {
    const auto self = shared_from_this();  // the sink may destroy the reader
    return check_state(decoder.feed(bytes, sink));
  }

  bool check_state(log_decoder::state state) {
    if (closed) return false;
    if (state == log_decoder::state::good) return true;
    if (state == log_decoder::state::stopped) {
      end(log_end::stopped, "");
    } else {
      end(log_end::failed, decoder.problem());
    }
    return false;
  }

  bool take_refusal(std::string_view bytes) {
    head.append(bytes.substr(0, k_refusal_max - std::min(k_refusal_max, head.size())));
    return true;
  }

  void finish() {
    if (status == 200) {
      if (check_state(decoder.finish(sink))) end(log_end::eof, "");
      return;
    }
    const auto why = "the engine answers " + std::to_string(status) + " " +
                     std::string(std::string_view(head).substr(0, head.find_first_of("\r\n")));
    if (is_no_such_container(status, head)) return end(log_end::gone, why);
    if (is_being_removed(status, head)) return end(log_end::removing, why);
    end(status == 501 ? log_end::unsupported : log_end::failed, status == 0 ? "the engine hung up" : why);
  }

  void end(log_end how, std::string_view why) {
    const auto self = shared_from_this();
    const std::string text(why);
    close();
    if (const auto ended = std::exchange(on.ended, {})) ended(how, text);
  }

  void close() {
    closed = true;
    error_code ignored;
    socket.close(ignored);
    deadline.reset();
    if (resolver) resolver->cancel();
  }

  asio::io_context& io;
  const endpoint engine;
  const log_request request;
  std::shared_ptr<log_scratch> scratch;
  log_sink& sink;
  handlers on;
  std::optional<asio::ip::tcp::resolver> resolver;
  std::optional<asio::steady_timer> deadline;
  stream_socket socket;
  log_decoder decoder;
  std::string head;  // then the body of a refusal
  unsigned status = 0;
  bool waiting = false;
  bool paused = false;
  bool closed = false;
};

log_reader::log_reader(asio::io_context& io, const endpoint& engine, const log_request& request,
                       std::shared_ptr<log_scratch> scratch, log_sink& sink, handlers on)
    : impl_(std::make_shared<impl>(io, engine, request, std::move(scratch), sink, std::move(on))) {
  impl_->start();
}

log_reader::~log_reader() {
  impl_->on = {};
  impl_->close();
}

void log_reader::pause() {
  impl_->paused = true;
  impl_->deadline.reset();  // the engine waits for this side
}

void log_reader::resume() {
  if (!std::exchange(impl_->paused, false)) return;
  if (!impl_->request.follow) impl_->wait_for_answer();
  impl_->wait();
}

}  // namespace heberg::docker
