// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/journal_sender.h"

#include <cstring>
#include <utility>

namespace heberg::syncd {

journal_sender::journal_sender(sender send, std::function<void(level, std::string_view)> log,
                               std::function<std::chrono::steady_clock::time_point()> now)
    : send_(std::move(send)), log_(std::move(log)), now_(std::move(now)), thread_([this] { work(); }) {}

journal_sender::~journal_sender() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void journal_sender::push(const std::string& site, docker::log_stream stream, std::string_view lines) {
  {
    const std::lock_guard lock(mutex_);
    auto& of = shares_[site];
    while (!lines.empty()) {
      const auto end = lines.find('\n');
      const auto size = end == std::string_view::npos ? lines.size() : end + 1;
      const auto line = lines.substr(0, size);
      lines.remove_prefix(size);
      if (of.waiting + line.size() > k_waiting_max) {
        ++of.dropped;
        continue;
      }
      const auto over = of.budget.take(now_());
      if (!over) continue;
      if (const auto left_out = *over + std::exchange(of.dropped, 0); left_out > 0) {
        add(of, site, docker::log_stream::error,
            "heberg: " + std::to_string(left_out) + " lines before this are in the site's log files alone\n");
      }
      add(of, site, stream, line);
    }
  }
  changed_.notify_one();
}

void journal_sender::add(share& of, const std::string& site, docker::log_stream stream, std::string_view line) {
  of.waiting += line.size();
  queue_.push_back({site, stream, std::string(line)});
}

void journal_sender::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (ending_) return;
    const auto next = std::move(queue_.front());
    queue_.pop_front();
    const auto size = next.line.size();
    lock.unlock();
    report(send_(next.site, next.stream, next.line));
    lock.lock();
    shares_[next.site].waiting -= size;
  }
}

void journal_sender::report(int error) {
  if (error == std::exchange(error_, error)) return;
  if (error == 0) return log_(level::info, "journald: takes the sites' lines again");
  log_(level::warning, std::string("journald: ") + std::strerror(error) + "; lines go into the files alone");
}

}  // namespace heberg::syncd
