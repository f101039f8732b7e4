// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/sftp/sftp_log.h"

#include "base/errors.h"
#include "syncd/sftp/sftp_message.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

namespace heberg::syncd {
namespace {

// A session that moves many small files logs a few hundred lines a second.
constexpr line_rate k_lines{1000, 5000};
// 4 GB a day before compression; logs.sftp_max_total bounds what is kept of it.
constexpr line_rate k_bytes{50'000, 5'000'000};
constexpr line_rate k_logins{10, 1000};
constexpr line_rate k_login_bytes{5000, 500'000};
constexpr std::uint32_t k_root = 0;

// internal-sftp's first and last line of a session.
bool is_login(std::string_view text) {
  return text.starts_with("session opened for local user ") || text.starts_with("session closed for local user ");
}

level level_of(int severity) {
  return severity <= 3 ? level::error : severity == 4 ? level::warning : severity <= 6 ? level::info : level::debug;
}

}  // namespace

sftp_lines::budgets& sftp_lines::budgets_of(std::uint32_t uid) {
  return budgets_
      .try_emplace(uid, budgets{.lines = line_budget(k_lines, k_bytes), .logins = line_budget(k_logins, k_login_bytes)})
      .first->second;
}

void sftp_lines::take_from_root(const tree::log_socket::datagram& datagram, std::chrono::steady_clock::time_point now) {
  const auto dropped = budgets_of(k_root).lines.take(now, datagram.text.size());
  if (!dropped) return;
  if (*dropped > 0)
    parts_.log(level::warning, "sftp: " + std::to_string(*dropped) + " lines were dropped (rate limit)");
  const auto message = parse_syslog(datagram.text);
  parts_.log(level_of(message.severity), "sftp: " + std::string(message.text.substr(0, k_sftp_text_max)));
}

void sftp_lines::take(const tree::log_socket::datagram& datagram, std::chrono::system_clock::time_point wall,
                      std::chrono::steady_clock::time_point now) {
  if (datagram.uid == k_root) return take_from_root(datagram, now);
  auto [found, is_new] = senders_.try_emplace(datagram.uid);
  auto& sender = found->second;
  if (is_new) sender.site = parts_.find_site(datagram.uid);
  if (!sender.site) return;  // not a site's, or not any more
  const auto text = parse_syslog(datagram.text).text;
  const auto line = format_sftp_line(wall, datagram.process, text);
  auto& left = budgets_of(datagram.uid);
  auto dropped = left.lines.take(now, line.size());
  if (!dropped && is_login(text) && left.logins.take(now, line.size())) dropped = 0;
  if (!dropped) return;
  if (*dropped > 0) {
    sender.lines +=
        format_sftp_line(wall, 0, "rate limit: " + std::to_string(*dropped) + " lines were dropped before this");
  }
  sender.lines += line;
}

void sftp_lines::write(int root) {
  auto problem = parts_.explain_no_room && !senders_.empty() ? parts_.explain_no_room(root) : std::string();
  if (!problem.empty()) {
    senders_.clear();
    if (problem != no_room_)
      parts_.log(level::error, "sftp.log: not written, of no site: " + problem + "; lines are lost");
    no_room_ = std::move(problem);
    return;
  }
  if (!senders_.empty() && !std::exchange(no_room_, {}).empty())
    parts_.log(level::info, "sftp.log: there is room on the disk again, and it is written");
  for (const auto& [uid, sender] : std::exchange(senders_, {})) {
    if (sender.site && !sender.lines.empty()) write(root, *sender.site, uid, sender.lines);
  }
}

void sftp_lines::write(int root, const std::string& site, std::uint32_t uid, const std::string& lines) {
  const auto problem = parts_.files->append(root, site, uid, k_sftp_log, lines);
  const auto known = problems_.find(site);
  if (problem.empty()) {
    if (known == problems_.end()) return;
    problems_.erase(known);
    parts_.log(level::info, site + ": " + k_sftp_log + " is written again");
  } else if (known == problems_.end() || known->second != problem) {
    problems_[site] = problem;
    parts_.log(level::warning, site + ": " + k_sftp_log + " " + problem + "; lines are lost");
  }
}

sftp_log::sftp_log(sftp_parts parts) : lines_(std::move(parts)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw_errno("make", "an eventfd");
  thread_ = std::thread([this] { run(); });
}

sftp_log::~sftp_log() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  (void)::eventfd_write(wake_.get(), 1);
  thread_.join();
}

void sftp_log::listen(std::shared_ptr<const tree::log_socket> socket, tree::shared_fd root) {
  {
    const std::lock_guard lock(mutex_);
    source_ = {std::move(socket), std::move(root)};
  }
  (void)::eventfd_write(wake_.get(), 1);
}

sftp_log::source sftp_log::current() const {
  const std::lock_guard lock(mutex_);
  return source_;
}

void sftp_log::run() {
  for (;;) {
    const auto [socket, root] = current();
    pollfd waits[] = {{wake_.get(), POLLIN, 0}, {socket == nullptr ? -1 : socket->fd(), POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) return;
    eventfd_t ignored = 0;
    (void)::eventfd_read(wake_.get(), &ignored);
    // Also before the end, and for a socket that was just replaced: lines that have arrived are written.
    if (socket != nullptr) {
      const auto wall = std::chrono::system_clock::now();
      const auto now = std::chrono::steady_clock::now();
      socket->receive([&](const tree::log_socket::datagram& datagram) { lines_.take(datagram, wall, now); });
      lines_.write(root->get());
    }
    const std::lock_guard lock(mutex_);
    if (ends_) return;
  }
}

}  // namespace heberg::syncd
