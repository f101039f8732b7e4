// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the lines of the containers into the sites' files, each line once, also across a kill or a power cut:
//
//   1. open the files
//   2. rotate those that are due
//   3. commit the intent (positions.h)
//   4. write at the positions that were committed
//
// A step that fails is tried again from the same byte; the sources keep their lines meanwhile. A file that cannot be
// written delays its own containers alone. No file stays open between two rounds.
#pragma once

#include "log_positions/positions.h"
#include "program/log.h"
#include "syncd/logs/log_file.h"
#include "syncd/logs/log_rotation.h"
#include "syncd/logs/log_source.h"

#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::syncd {

struct log_store_parts {
  log_opener opener;
  const log_rotator* rotator = nullptr;
  std::uint64_t max_size = 10'000'000;  // of a file before it is rotated
  std::function<void(level, std::string_view)> log = {};
  std::function<std::time_t()> wall_time = [] { return std::time(nullptr); };
  std::function<std::chrono::steady_clock::time_point()> steady_time = [] { return std::chrono::steady_clock::now(); };
  std::function<std::string()> explain_no_room = {};  // why nothing may be written now (log_disk.h); empty: it may
  std::function<void(const log_source&, docker::log_stream, std::string_view lines)> written = {};
};

class log_store {
 public:
  using steady = std::chrono::steady_clock::time_point;

  // Recovers. Throws where that, or the database, fails: nothing was changed, try again.
  log_store(logs::positions& where, log_store_parts parts);

  // Sets the cursors of a container as they were; a container that is new has none, and false is returned.
  bool restore(log_source& source) const;

  // The sites root, where it was opened anew.
  void use_root(int root) { parts_.opener.root = root; }

  // Writes what can be written now. When to come again for what could not: a second from now; empty where all was.
  std::optional<steady> flush(std::span<log_source* const> sources);

  // fdatasync, and the commit that records it, of all files written since the last time.
  void make_safe();
  [[nodiscard]] bool has_unsafe() const noexcept { return !unsafe_.empty(); }

  // Rotates the site's files now, or at the next write where one is under way. False: some could not be.
  bool rotate(const std::string& site, std::uint32_t group);

  void forget(const std::string& container);  // its source is empty
  void forget_all_but(const std::set<std::string>& containers);

  void finish();  // all is written that can be, and the next start may rely on it

 private:
  struct file_state {
    std::uint32_t group = 0;
    logs::file_position position;  // as committed
    bool is_torn = false;          // bytes are missing before position.size: a source holds them
    bool wants_rotation = false;
    steady retry{};  // not before
    int failures = 0;
    std::string reported;  // the problem that was logged last
    steady reported_at{};
  };
  struct open_file {
    logs::log_file_key key;
    opened_log log;
    logs::file_position position;
    bool is_new = false;
    std::vector<log_source*> sources = {};
  };

  std::vector<open_file> open_waiting(std::span<log_source* const> sources, steady now);
  bool prepare(open_file& file, file_state& state);
  bool rotate_file(open_file& file, file_state& state);
  bool commit(std::vector<open_file>& files);
  bool has_room();
  void write(open_file& file, steady now);
  void report_problem(const logs::log_file_key& key, file_state& state, const std::string& problem, steady now);
  void report_recovery(const logs::log_file_key& key, file_state& state);

  logs::positions& positions_;
  log_store_parts parts_;
  std::map<logs::log_file_key, file_state> files_;
  std::map<logs::log_position_key, logs::stream_position> restored_;  // of containers that were not asked for yet
  std::set<logs::log_file_key> unsafe_;
  steady commit_retry_{};
  steady commit_reported_{};
  bool has_reported_no_room_ = false;
};

}  // namespace heberg::syncd
