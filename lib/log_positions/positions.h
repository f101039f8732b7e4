// SPDX-License-Identifier: LGPL-2.1-or-later
// How far each container's streams were taken and where in the files that is: STATE_DIR/logs.db. A file of its own, not
// the ledger: it is committed many times a second, and nothing of that may hold up an account, or endanger it.
//
// Before lines are written their intent is committed here: which file, its size afterwards, and for each container and
// stream where its chunk lies, and the cursor before and behind it. A commit survives the end of the process, not a
// power cut (synchronous = NORMAL); for that there are the `safe` values, of what fdatasync has brought to the disk.
#pragma once

#include "docker/log_decoder.h"
#include "log_positions/cursor.h"
#include "sqlite/sqlite.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace heberg::logs {

using log_file_key = std::pair<std::string, docker::log_stream>;      // site, stream
using log_position_key = std::pair<std::string, docker::log_stream>;  // container id, stream

struct file_position {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;       // when all that was intended is written
  std::int64_t safe_size = 0;  // surely on the disk
  bool operator==(const file_position&) const = default;
};

struct stream_position {
  std::string site;
  log_cursor cursor;            // behind the last chunk
  std::int64_t base = 0;        // log_source::base()
  std::int64_t chunk_at = 0;    // the last chunk's place in the file
  std::int64_t chunk_size = 0;  // 0: it is known to be whole
  log_cursor before;            // the cursor before it
  log_cursor safe = {};         // that belongs to the file's safe_size
  bool operator==(const stream_position&) const = default;
};

struct log_positions {
  std::map<log_file_key, file_position> files;
  std::map<log_position_key, stream_position> streams;
  // What the files hold is what was written: the process ended by itself, or was killed since the machine started.
  bool is_cache_intact = true;
};

// One commit.
struct position_changes {
  struct file {
    log_file_key key;
    file_position position;
    bool is_new = false;  // another file than before, or changed by others: its older chunks are whole and safe
  };
  std::vector<file> files;
  std::vector<std::pair<log_position_key, stream_position>> streams;
  std::vector<std::string> forgotten;  // containers
};

class positions {
 public:
  // boot: the boot id, a new one at each start of the machine. Throws sqlite::error.
  positions(const std::string& path, std::string boot);

  [[nodiscard]] log_positions load();
  void begin();  // from here on an end without finish() is one by force
  void write(const position_changes& changes);
  void make_safe(std::span<const log_file_key> files);
  void finish();

 private:
  sqlite::database db_;
  const std::string boot_;
  sqlite::statement put_file_, clear_chunks_, put_stream_, forget_, safe_file_, safe_streams_, put_meta_;
};

// Reads while another process writes. Empty where there is no such file; is_cache_intact is not set.
// Throws sqlite::error.
[[nodiscard]] log_positions read_positions(const std::string& path);

// The kernel's boot id: a new one at each start of the machine. Throws std::system_error.
[[nodiscard]] std::string read_boot_id();

}  // namespace heberg::logs
