// SPDX-License-Identifier: LGPL-2.1-or-later
// One answer of GET /containers/ID/logs, read from the engine as it comes. Asked in HTTP/1.0, so that the body comes
// bare: Docker and Podman (Go's server) answer so without chunks, until they close. A quiet reader costs its socket:
// what is read lands in one buffer that all readers of a thread share, and is decoded in place.
#pragma once

#include "docker/endpoint.h"
#include "docker/log_decoder.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace heberg::docker {

struct log_request {
  std::string container;  // its id
  bool tty = false;
  bool follow = false;
  std::optional<std::uint32_t> tail = {};  // the last so many pieces; none: all
  std::int64_t since = 0;                  // nanoseconds since the epoch, inclusive; 0: from the start
};

// The request's target: "/containers/ID/logs?…". Pure.
[[nodiscard]] std::string log_target(const log_request& request);

enum class log_end {
  eof,          // the engine has closed: all was read
  stopped,      // the sink wanted no more
  gone,         // no such container
  removing,     // the container is being removed: its log cannot be read any more
  unsupported,  // its log driver cannot be read; with the engine's message
  failed,       // anything else
};

using log_scratch = std::vector<char>;

class log_reader {
 public:
  struct handlers {
    std::function<void()> opened;                              // the engine has answered 200; pieces follow
    std::function<void(log_end, std::string_view why)> ended;  // once, last; the reader may be destroyed in it
  };

  // All calls, and all handlers, on the io_context's thread. sink and scratch outlive the reader.
  log_reader(boost::asio::io_context& io, const endpoint& engine, const log_request& request,
             std::shared_ptr<log_scratch> scratch, log_sink& sink, handlers on);
  ~log_reader();  // closes; no handler is called any more
  log_reader(const log_reader&) = delete;
  log_reader& operator=(const log_reader&) = delete;

  void pause();  // the kernel's buffer fills, then the engine waits
  void resume();

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace heberg::docker
