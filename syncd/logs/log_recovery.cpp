// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/log_recovery.h"

#include "base/errors.h"
#include "base/list_folder.h"
#include "syncd/logs/log_rotation.h"
#include "syncd/logs/log_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

namespace heberg::syncd {
namespace {

using stream_entry = std::pair<logs::log_position_key, logs::stream_position>;

bool is_same(const struct stat& file, const logs::file_position& position) {
  return file.st_dev == position.device && file.st_ino == position.inode;
}

// The file was rotated meanwhile, by syncd just before the end or by a logrotate: it has another name here.
unique_fd find_rotated(int folder, std::string_view name, const logs::file_position& position, struct stat& status) {
  const auto entries = list_folder(folder);
  while (entries != nullptr) {
    const dirent* entry = ::readdir(entries.get());
    if (entry == nullptr) break;
    if (entry->d_ino != position.inode || !std::string_view(entry->d_name).starts_with(name)) continue;
    std::string ignored;
    auto file = open_judged(folder, entry->d_name, status, ignored);
    if (file && is_same(status, position)) return file;
  }
  return {};
}

struct whole_lines {
  std::uint32_t count = 0;
  std::int64_t end = 0;  // behind the last one's newline
};

whole_lines count_lines(int file, std::int64_t from, std::int64_t to, const std::string& shown) {
  whole_lines lines{0, from};
  std::string block(256 << 10, '\0');
  while (from < to) {
    const auto size = ::pread(file, block.data(), std::min(block.size(), static_cast<std::size_t>(to - from)), from);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) throw_errno(size < 0 ? errno : EIO, "read", shown);
    for (std::int64_t i = 0; i < size; ++i) {
      if (block[static_cast<std::size_t>(i)] != '\n') continue;
      ++lines.count;
      lines.end = from + i + 1;
    }
    from += size;
  }
  return lines;
}

class file_recovery {
 public:
  file_recovery(const logs::log_file_key& key, const logs::file_position& position, const log_opener& opener)
      : key_(key), position_(position), opener_(opener), shown_(key.first + "/logs/" + logs::log_name(key.second)) {}

  // Changes the chunks' cursors; warns of what was cut off.
  std::int64_t run(std::vector<stream_entry*>& chunks, bool is_cache_intact, logs::position_changes& changes) {
    auto opened = opener_.open(key_.first, logs::log_name(key_.second));
    unique_fd file;
    if (opened.file && is_same(opened.status, position_)) {
      file = std::move(opened.file);
    } else if (opened.folder) {
      file = find_rotated(opened.folder.get(), logs::log_name(key_.second), position_, opened.status);
    }
    std::int64_t cut = 0;
    std::int64_t size = position_.size;
    if (file) {
      size = opened.status.st_size;
      const auto keep = is_cache_intact ? judge_chunks(file.get(), size, chunks) : go_back(size, chunks);
      cut = size - keep;
      if (cut > 0) {
        if (const int error = opener_.disk->truncate(file.get(), keep); error != 0) throw_errno(error, "cut", shown_);
      }
      size = keep;
    }
    for (auto* chunk : chunks) chunk->second.chunk_size = 0;
    changes.files.push_back({key_,
                             {.device = position_.device,
                              .inode = position_.inode,
                              .size = size,
                              .safe_size = std::min(size, position_.safe_size)},
                             false});
    return cut;
  }

 private:
  // How much of the file stays.
  std::int64_t judge_chunks(int file, std::int64_t size, std::vector<stream_entry*>& chunks) const {
    if (size >= position_.size) return size;
    auto keep = size;
    for (auto* chunk : chunks) {
      auto& p = chunk->second;
      if (p.chunk_size == 0 || p.chunk_at + p.chunk_size <= size) continue;
      whole_lines lines;
      if (p.chunk_at < size) {
        lines = count_lines(file, p.chunk_at, size, shown_);
        keep = lines.end;
      }
      p.cursor = {p.before.stamp, p.before.skip + lines.count};
      p.base = std::min(p.base, p.cursor.stamp);
    }
    return keep;
  }

  std::int64_t go_back(std::int64_t size, std::vector<stream_entry*>& streams) const {
    for (auto* stream : streams) {
      stream->second.cursor = stream->second.safe;
      stream->second.base = std::min(stream->second.base, stream->second.safe.stamp);
    }
    return std::min(size, position_.safe_size);
  }

  const logs::log_file_key& key_;
  const logs::file_position& position_;
  const log_opener& opener_;
  const std::string shown_;
};

}  // namespace

logs::position_changes recover_files(const logs::log_positions& last, const log_opener& opener,
                                     const std::function<void(std::string_view)>& warn) {
  logs::position_changes changes;
  changes.streams.assign(last.streams.begin(), last.streams.end());
  std::map<logs::log_file_key, std::vector<stream_entry*>> of_file;
  for (auto& entry : changes.streams) of_file[{entry.second.site, entry.first.second}].push_back(&entry);
  for (const auto& [key, position] : last.files) {
    auto& chunks = of_file[key];
    const auto cut = file_recovery(key, position, opener).run(chunks, last.is_cache_intact, changes);
    if (cut > 0) {
      warn(key.first + ": " + logs::log_name(key.second) + ": " + std::to_string(cut) +
           " bytes of an interrupted write cut off; they are written again");
    }
  }
  return changes;
}

}  // namespace heberg::syncd
