// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads one container's log to its end, each line once and in order, whatever the engine does (docs/decisions/0010).
// The thin shell around follow_policy, which decides: its sockets, its timer, and the lines on their way.
#pragma once

#include "docker/log_reader.h"
#include "program/log.h"
#include "syncd/logs/log_source.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace heberg::syncd {

enum class urgency { normal, urgent };

// What all followers of a thread share.
class follower_host {
 public:
  virtual ~follower_host() = default;
  virtual boost::asio::io_context& io() = 0;
  virtual const docker::endpoint& engine() = 0;
  virtual std::shared_ptr<docker::log_scratch> scratch() = 0;
  // A slot to fetch: the container's grant_slot() is called when one is free, never from within this call.
  virtual void request_slot(const std::string& container) = 0;
  virtual void release_slot() = 0;
  // A socket to be held open as the wake-up stream. False: too many are open; who has none polls.
  [[nodiscard]] virtual bool acquire_wakeup() = 0;
  virtual void release_wakeup() = 0;
  // The container has lines to be written, or is done.
  virtual void request_write(const std::string& container, urgency how) = 0;
  virtual void log(level level, std::string_view text) = 0;
};

struct followed_container {
  std::string id;
  std::string site;
  std::uint32_t group = 0;
  bool tty = false;
  bool is_up = false;
  bool operator==(const followed_container&) const = default;
};

class log_follower {
 public:
  // is_known: the source was restored. Begins at once.
  log_follower(follower_host& host, const followed_container& container, log_source source, bool is_known);
  ~log_follower();

  void update(const followed_container& container);  // as the engine has it now
  void leave();                                      // the engine has it no more: to its end, then is_done()
  void grant_slot();                                 // the host's answer to request_slot()
  void resume();                                     // its lines were written, or some of them

  [[nodiscard]] log_source& source() noexcept;
  [[nodiscard]] bool is_done() const noexcept;  // has left, and nothing will come; its lines may still be unwritten

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace heberg::syncd
