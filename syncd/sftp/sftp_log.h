// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes SITE/logs/sftp.log from the messages of each session's internal-sftp: logins with their address, uploads,
// downloads, renames, removals. The site is that of the sender's UID, which the kernel states; the text is never
// trusted for that. Root's messages (of the PAM module, before the session drops root) go to syncd's own log. Runs on a
// thread of its own: an sshd blocks while its datagrams are not read. A rate limit protects memory, the disk and the
// other sites; the lines that say who logged in have one of their own, which no flood of the others uses up.
#pragma once

#include "base/unique_fd.h"
#include "program/log.h"
#include "syncd/logs/line_budget.h"
#include "syncd/sftp/line_appender.h"
#include "tree/log_socket.h"
#include "tree/sites_root.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace heberg::syncd {

inline constexpr char k_sftp_log[] = "sftp.log";

struct sftp_parts {
  std::function<std::optional<std::string>(std::uint32_t uid)> find_site;
  line_appender* files = nullptr;
  std::function<std::string(int root)> explain_no_room = {};  // why nothing may be written now; empty: it may
  std::function<void(level, std::string_view)> log;
};

// The decisions, without the thread and the socket.
class sftp_lines {
 public:
  explicit sftp_lines(sftp_parts parts) : parts_(std::move(parts)) {}

  // Takes the datagrams that arrived together; write() appends their lines, one write a site, below the open sites
  // root.
  void take(const tree::log_socket::datagram& datagram, std::chrono::system_clock::time_point wall,
            std::chrono::steady_clock::time_point now);
  void write(int root);

 private:
  struct batch {
    std::optional<std::string> site;
    std::string lines;
  };

  void take_from_root(const tree::log_socket::datagram& datagram, std::chrono::steady_clock::time_point now);
  void write(int root, const std::string& site, std::uint32_t uid, const std::string& lines);
  struct budgets {
    line_budget lines;
    line_budget logins;
  };
  budgets& budgets_of(std::uint32_t uid);

  sftp_parts parts_;
  std::map<std::uint32_t, batch> senders_;       // of the datagrams since the last write()
  std::map<std::uint32_t, budgets> budgets_;     // of root, and of UIDs that are a site's
  std::string no_room_;                          // why nothing is written; logged once
  std::map<std::string, std::string> problems_;  // site -> what is wrong with its log, logged once
};

class sftp_log {
 public:
  explicit sftp_log(sftp_parts parts);  // starts the thread, which waits for a socket
  ~sftp_log();
  sftp_log(const sftp_log&) = delete;
  sftp_log& operator=(const sftp_log&) = delete;

  // Replaces the socket. root: the sites root that it was bound in.
  void listen(std::shared_ptr<const tree::log_socket> socket, tree::shared_fd root);

 private:
  struct source {
    std::shared_ptr<const tree::log_socket> socket;
    tree::shared_fd root;
  };

  void run();
  [[nodiscard]] source current() const;

  sftp_lines lines_;
  unique_fd wake_;  // eventfd(2)
  mutable std::mutex mutex_;
  source source_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace heberg::syncd
