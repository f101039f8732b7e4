// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads one container's log to its end, each piece once and in order, whatever the engine does (docs/decisions/0010).
//
// An answer that follows is a bell, no more: across a rotation of the engine's files it repeats lines, and under load
// it loses them (measured on 20.10: 17,089 of 60,000 arrived). What is written comes from answers that do not follow:
// those are exact. Such an answer holds the last so many pieces; when its first piece is one that was known, nothing
// can be missing between. When it is not, more are asked for. What the bell has heard and was not fetched yet is kept
// all the same; the bell waits when that is much. When the container is removed the engine has nothing more to fetch,
// and what the bell has and will say are its last words.
#pragma once

#include "docker/log_reader.h"
#include "program/log.h"
#include "syncd/logs/log_source.h"

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace heberg::syncd {

// What all followers of a thread share.
class follower_host {
 public:
  virtual ~follower_host() = default;
  virtual boost::asio::io_context& io() = 0;
  virtual const docker::endpoint& engine() = 0;
  virtual std::shared_ptr<docker::log_scratch> scratch() = 0;
  // A turn to fetch: `go` is called when there is one, at once perhaps; give_back() when it is not used any more.
  virtual void ask_turn(const std::string& container) = 0;
  virtual void give_back_turn() = 0;
  // A socket to be held open as a bell. False: there are too many; who has none looks from time to time.
  virtual bool take_bell() = 0;
  virtual void give_back_bell() = 0;
  // The container has lines to be written, or is done.
  virtual void lines_wait(const std::string& container, bool is_urgent) = 0;
  virtual void say(level level, std::string_view text) = 0;
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
  // known: the source was restored. Begins at once.
  log_follower(follower_host& host, const followed_container& what, log_source source, bool known);
  ~log_follower();

  void update(const followed_container& what);  // as the engine has it now
  void leave();                                 // the engine has it no more: to its end, then is_done()
  void take_turn();                             // the host's answer to ask_turn()
  void resume();                                // its lines were written, or some of them

  [[nodiscard]] log_source& source() noexcept;
  [[nodiscard]] bool is_done() const noexcept;  // has left, and nothing will come; its lines may still wait

 private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace heberg::syncd
