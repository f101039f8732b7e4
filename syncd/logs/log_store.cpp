// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/log_store.h"

#include "syncd/logs/log_recovery.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

namespace heberg::syncd {
namespace {

using namespace std::chrono_literals;

constexpr auto k_retry = 1s;
constexpr auto k_report_again = 60s;
constexpr std::size_t k_files_at_once = 256;  // two descriptors each
constexpr std::size_t k_kept_buffer = 64 << 10;

std::string shown(const logs::log_file_key& key) {
  return key.first + ": " + logs::log_name(key.second);
}

void release(std::string& buffer) {
  if (buffer.capacity() > k_kept_buffer) {
    std::string().swap(buffer);
  } else {
    buffer.clear();
  }
}

bool ends_within_line(int file, std::int64_t size) {
  char last = '\n';
  return size > 0 && ::pread(file, &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

log_store::log_store(logs::positions& where, log_store_parts parts) : positions_(where), parts_(std::move(parts)) {
  const auto recovered = recover_files(positions_.load(), parts_.opener,
                                       [this](std::string_view text) { parts_.log(level::warning, text); });
  positions_.write(recovered);
  positions_.begin();
  for (const auto& file : recovered.files) files_[file.key].position = file.position;
  restored_.insert(recovered.streams.begin(), recovered.streams.end());
}

bool log_store::restore(log_source& source) const {
  bool known = false;
  for (const auto stream : logs::k_log_streams) {
    const auto found = restored_.find({source.id, stream});
    if (found == restored_.end()) continue;
    known = true;
    auto& s = source.streams[logs::index_of(stream)];
    s.joiner = line_joiner(found->second.cursor);
    s.settled = found->second.cursor;
  }
  // A line was open when the other stream was last written: an answer must reach back to before it.
  std::array<std::int64_t, 2> base{};
  bool is_open = false;
  for (const auto stream : logs::k_log_streams) {
    const auto found = restored_.find({source.id, stream});
    if (found == restored_.end()) continue;
    base[logs::index_of(stream)] = found->second.base;
    is_open = is_open || found->second.base < found->second.cursor.stamp;
  }
  if (is_open) source.restored_base = base;
  return known;
}

std::optional<log_store::steady> log_store::flush(std::span<log_source* const> sources) {
  const auto now = parts_.steady_time();
  bool all = true;
  if (now >= commit_retry_ && has_room()) {
    for (std::size_t at = 0; at < sources.size(); at += k_files_at_once / 2) {
      auto files = open_waiting(sources.subspan(at, std::min(k_files_at_once / 2, sources.size() - at)), now);
      if (!commit(files)) break;
      for (auto& file : files) write(file, now);
    }
  }
  for (const auto* source : sources) all = all && source->is_empty();
  return all ? std::nullopt : std::optional(now + k_retry);
}

bool log_store::has_room() {
  const auto problem = parts_.explain_no_room ? parts_.explain_no_room() : std::string();
  if (!problem.empty() && !std::exchange(has_reported_no_room_, true)) {
    parts_.log(level::error, "logs: not written, of no site: " + problem + "; the lines are kept by the engine");
  } else if (problem.empty() && std::exchange(has_reported_no_room_, false)) {
    parts_.log(level::info, "logs: there is room on the disk again, and they are written");
  }
  return problem.empty();
}

std::vector<log_store::open_file> log_store::open_waiting(std::span<log_source* const> sources, steady now) {
  std::map<logs::log_file_key, std::vector<log_source*>> waiting;
  for (auto* source : sources) {
    for (const auto stream : logs::k_log_streams) {
      const auto& s = source->streams[logs::index_of(stream)];
      if (!s.ready.empty() || !s.writing.empty()) waiting[{source->site, stream}].push_back(source);
    }
  }
  std::vector<open_file> files;
  for (auto& [key, from] : waiting) {
    auto& state = files_[key];
    state.group = from.front()->group;
    if (now < state.retry) continue;
    open_file file{.key = key,
                   .log = parts_.opener.open_or_make(key.first, logs::log_name(key.second), state.group),
                   .position = state.position,
                   .sources = std::move(from)};
    if (!file.log) {
      report_problem(key, state, file.log.problem, now);
    } else if (prepare(file, state)) {
      files.push_back(std::move(file));
    } else {
      report_problem(key, state, file.log.problem, now);
    }
  }
  return files;
}

// Settles where the file's next chunk begins. False: file.log.problem.
bool log_store::prepare(open_file& file, file_state& state) {
  const auto& found = file.log.status;
  const bool is_same = found.st_dev == state.position.device && found.st_ino == state.position.inode;
  if (state.is_torn) {
    // The rest belongs into this very file, whatever its name is by now; where it is gone, the next one gets it.
    if (is_same) return true;
    for (auto* source : file.sources) {
      auto& s = source->streams[logs::index_of(file.key.second)];
      if (s.writing.empty()) continue;
      const auto line = s.written == 0 ? 0 : s.writing.rfind('\n', s.written - 1) + 1;
      const auto whole = std::count(s.writing.begin(), s.writing.begin() + static_cast<std::ptrdiff_t>(line), '\n');
      s.settled = {s.before.stamp, s.before.skip + static_cast<std::uint32_t>(whole)};
      s.ready.insert(0, s.writing.substr(line));  // the line that was torn begins anew
      release(s.writing);
      s.written = 0;
    }
    state.is_torn = false;
  }
  if (found.st_size > 0 && (state.wants_rotation || is_rotation_due(found, parts_.max_size, parts_.wall_time())))
    return rotate_file(file, state);
  state.wants_rotation = false;
  if (is_same && found.st_size == state.position.size) return true;

  // Another file, or one that somebody else has changed: its content is not checked.
  file.is_new = true;
  auto size = static_cast<std::int64_t>(found.st_size);
  if (ends_within_line(file.log.file.get(), size)) {
    if (parts_.opener.disk->write(file.log.file.get(), "\n", size) != 1) {
      return file.log.problem = "cannot be written", false;
    }
    ++size;
  }
  if (size > 0) {
    if (const int error = parts_.opener.disk->sync(file.log.file.get()); error != 0) {
      return file.log.problem = std::string("fsync: ") + std::strerror(error), false;
    }
  }
  file.position = {.device = found.st_dev, .inode = found.st_ino, .size = size, .safe_size = size};
  return true;
}

// The old one is brought to the disk first: no cursor goes back into it.
bool log_store::rotate_file(open_file& file, file_state& state) {
  auto& disk = *parts_.opener.disk;
  int error = disk.sync(file.log.file.get());
  if (error == 0)
    error = parts_.rotator->rotate(parts_.opener, file.log, file.key.first, logs::log_name(file.key.second),
                                   parts_.wall_time());
  if (error != 0) return file.log.problem = std::string("cannot be rotated: ") + std::strerror(error), false;
  state.wants_rotation = false;
  unsafe_.erase(file.key);
  file.log = parts_.opener.open_or_make(file.key.first, logs::log_name(file.key.second), state.group);
  if (!file.log) return false;
  const auto& made = file.log.status;
  file.is_new = true;
  file.position = {.device = made.st_dev, .inode = made.st_ino, .size = made.st_size, .safe_size = 0};
  return true;
}

bool log_store::commit(std::vector<open_file>& files) {
  logs::position_changes changes;
  for (auto& file : files) {
    if (files_[file.key].is_torn) continue;
    bool changed = file.is_new;
    for (auto* source : file.sources) {
      auto& s = source->streams[logs::index_of(file.key.second)];
      if (s.ready.empty() || !s.writing.empty()) continue;
      changed = true;
      s.at = file.position.size;
      changes.streams.emplace_back(logs::log_position_key(source->id, file.key.second),
                                   logs::stream_position{.site = source->site,
                                                         .cursor = s.joiner.cursor(),
                                                         .base = source->base(file.key.second),
                                                         .chunk_at = s.at,
                                                         .chunk_size = static_cast<std::int64_t>(s.ready.size()),
                                                         .before = s.settled});
      file.position.size += static_cast<std::int64_t>(s.ready.size());
    }
    if (changed) changes.files.push_back({file.key, file.position, file.is_new});
  }
  if (changes.files.empty()) return true;
  try {
    parts_.opener.disk->begin_commit();
    positions_.write(changes);
  } catch (const std::exception& error) {
    const auto now = parts_.steady_time();
    commit_retry_ = now + k_retry;
    if (commit_reported_ == steady{} || now - commit_reported_ >= k_report_again) {
      parts_.log(level::error, std::string("logs: ") + error.what() + "; no lines are written, trying again");
      commit_reported_ = now;
    }
    return false;
  }
  if (std::exchange(commit_reported_, {}) != steady{}) parts_.log(level::info, "logs: positions can be saved again");
  for (auto& file : files) {
    auto& state = files_[file.key];
    if (state.is_torn) continue;
    state.position = file.position;
    for (auto* source : file.sources) {
      auto& s = source->streams[logs::index_of(file.key.second)];
      if (s.ready.empty() || !s.writing.empty()) continue;
      s.writing.swap(s.ready);
      s.written = 0;
      s.before = std::exchange(s.settled, s.joiner.cursor());
    }
  }
  return true;
}

void log_store::write(open_file& file, steady now) {
  auto& state = files_[file.key];
  unsafe_.insert(file.key);
  // In the order of their places: recovery takes the file's end for the end of what was written.
  std::ranges::sort(file.sources, {},
                    [&](const log_source* s) { return s->streams[logs::index_of(file.key.second)].at; });
  for (auto* source : file.sources) {
    auto& s = source->streams[logs::index_of(file.key.second)];
    while (s.written < s.writing.size()) {
      const auto at = s.at + static_cast<std::int64_t>(s.written);
      const auto size =
          parts_.opener.disk->write(file.log.file.get(), std::string_view(s.writing).substr(s.written), at);
      if (size <= 0) {
        state.is_torn = true;
        const int error = size == 0 ? ENOSPC : static_cast<int>(-size);
        return report_problem(file.key, state, std::string("cannot be written: ") + std::strerror(error), now);
      }
      s.written += static_cast<std::size_t>(size);
    }
    if (s.writing.empty()) continue;
    if (parts_.written) parts_.written(*source, file.key.second, s.writing);
    release(s.writing);
    s.written = 0;
  }
  state.is_torn = false;
  report_recovery(file.key, state);
}

void log_store::report_problem(const logs::log_file_key& key, file_state& state, const std::string& problem,
                               steady now) {
  state.retry = now + k_retry;
  // The first failure is not reported: a site's first lines may come before its tree is made.
  if (++state.failures == 1) return;
  if (state.reported == problem && now - state.reported_at < k_report_again) return;
  parts_.log(level::error, shown(key) + " " + problem + "; its lines are kept until it can be written");
  state.reported = problem;
  state.reported_at = now;
}

void log_store::report_recovery(const logs::log_file_key& key, file_state& state) {
  state.failures = 0;
  if (std::exchange(state.reported, {}).empty()) return;
  parts_.log(level::info, shown(key) + " can be written again");
}

void log_store::make_safe() {
  std::vector<logs::log_file_key> safe;
  for (auto key = unsafe_.begin(); key != unsafe_.end();) {
    auto& state = files_[*key];
    if (state.is_torn) {
      ++key;
      continue;
    }
    auto log = parts_.opener.open(key->first, logs::log_name(key->second));
    const bool is_same =
        log.file && log.status.st_dev == state.position.device && log.status.st_ino == state.position.inode;
    if (is_same && parts_.opener.disk->sync(log.file.get()) != 0) {
      ++key;  // the next round reports it, should writing fail too
      continue;
    }
    if (is_same) {
      state.position.safe_size = state.position.size;
      safe.push_back(*key);
    }
    key = unsafe_.erase(key);
  }
  if (safe.empty()) return;
  try {
    positions_.make_safe(safe);
  } catch (const std::exception&) {
    unsafe_.insert(safe.begin(), safe.end());
  }
}

bool log_store::rotate(const std::string& site, std::uint32_t group) {
  bool done = true;
  for (const auto stream : logs::k_log_streams) {
    const logs::log_file_key key(site, stream);
    auto& state = files_[key];
    state.group = group;
    open_file file{.key = key, .log = parts_.opener.open(site, logs::log_name(stream)), .position = state.position};
    if (!file.log) {
      if (!file.log.problem.empty()) done = false;
      continue;
    }
    if (file.log.status.st_size == 0) continue;
    state.wants_rotation = true;
    if (state.is_torn) continue;  // with the rest of what it is waiting for
    std::vector<open_file> files;
    if (rotate_file(file, state)) files.push_back(std::move(file));
    if (files.empty()) report_problem(key, state, file.log.problem, parts_.steady_time());
    if (files.empty() || !commit(files)) done = false;
  }
  return done;
}

void log_store::forget(const std::string& container) {
  for (const auto stream : logs::k_log_streams) restored_.erase({container, stream});
  try {
    logs::position_changes changes;
    changes.forgotten.push_back(container);
    positions_.write(changes);
  } catch (const std::exception&) {  // the next start forgets it
  }
}

void log_store::forget_all_but(const std::set<std::string>& containers) {
  std::set<std::string> gone;
  for (const auto& [key, position] : restored_) {
    if (!containers.contains(key.first)) gone.insert(key.first);
  }
  for (const auto& id : gone) forget(id);
}

void log_store::finish() {
  make_safe();
  const auto is_torn = [](const auto& file) { return file.second.is_torn; };
  if (!std::ranges::any_of(files_, is_torn)) positions_.finish();
}

}  // namespace heberg::syncd
