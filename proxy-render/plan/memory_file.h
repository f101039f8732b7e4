// SPDX-License-Identifier: LGPL-2.1-or-later
// The file that keeps the renderer's memory over its restarts: ".NAME.state" beside the output, whole at any moment.
// What cannot be read is not needed to serve: remembering starts anew, and the caller says so.
#pragma once

#include "proxy-render/plan/memory.h"

#include <sys/types.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>

namespace heberg::proxy {

class memory_file {
 public:
  explicit memory_file(const std::filesystem::path& output);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  // True before it was read first, and where it is another file than we left there: --forget has been at work.
  [[nodiscard]] bool is_news() const;

  struct reading {
    memory remembered;
    bool damaged = false;
    std::string complaint;  // why nothing is remembered, if so
  };
  [[nodiscard]] reading load();

  // Writes it if it changed. False: another program has written it since it was read here (--forget), and its word
  // stands; load it anew. The folder is locked (flock(2)) meanwhile; where another program has it locked for longer
  // than patience, it is not written, to be kept later. Throws std::system_error, for that, too.
  [[nodiscard]] bool keep(memory& memory, std::chrono::milliseconds patience = {});

 private:
  struct identity {
    dev_t device = 0;
    ino_t inode = 0;
    timespec changed{};
  };
  [[nodiscard]] identity look() const;

  std::string path_;
  std::optional<identity> seen_;
};

}  // namespace heberg::proxy
