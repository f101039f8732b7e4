// SPDX-License-Identifier: LGPL-2.1-or-later
// The file that keeps the renderer's memory over its restarts: ".NAME.state" beside the output, whole at any moment.
// A file that cannot be read is not needed to serve: the memory starts empty, and the caller logs that.
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

  // True before it was read first, and where another program (--forget) has replaced it since.
  [[nodiscard]] bool was_replaced() const;

  struct reading {
    memory remembered;
    bool damaged = false;
    std::string complaint;  // why nothing is remembered, if so
  };
  [[nodiscard]] reading load();

  // Writes the memory if it changed. False: another program has written the file since it was read here (--forget), and
  // that counts; load it again. The folder is locked (flock(2)) meanwhile. Throws std::system_error, also where another
  // program holds the lock for longer than `patience`: the memory is to be written later.
  [[nodiscard]] bool save(memory& memory, std::chrono::milliseconds patience = {});

 private:
  struct identity {
    dev_t device = 0;
    ino_t inode = 0;
    timespec changed{};
  };
  [[nodiscard]] identity read_identity() const;

  std::string path_;
  std::optional<identity> seen_;
};

}  // namespace heberg::proxy
