// SPDX-License-Identifier: LGPL-2.1-or-later
// The line appender that writes into the sites' trees, as the forwarder writes access.log (logs/log_file.h): no
// planted link, fifo or device is followed, waited for or written to. A log that is large or old is rotated first.
#pragma once

#include "syncd/logs/log_disk.h"
#include "syncd/logs/log_rotation.h"
#include "syncd/sftp/line_appender.h"
#include "tree/ownership.h"

#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>

namespace heberg::syncd {

class tree_appender final : public line_appender {
 public:
  // archive: of the rotated logs; outlives this.
  tree_appender(
      std::shared_ptr<tree::ownership> owners, std::uint64_t max_size, rotated_logs& archive,
      std::function<std::time_t()> now = [] { return std::time(nullptr); },
      std::shared_ptr<log_disk> disk = std::make_shared<log_disk>())
      : owners_(std::move(owners)),
        max_size_(max_size),
        rotator_(archive),
        now_(std::move(now)),
        disk_(std::move(disk)) {}

  std::string append(int root, const std::string& site, std::uint32_t group, const char* name,
                     std::string_view lines) override;

 private:
  std::shared_ptr<tree::ownership> owners_;
  std::uint64_t max_size_;
  log_rotator rotator_;
  std::function<std::time_t()> now_;
  std::shared_ptr<log_disk> disk_;
};

}  // namespace heberg::syncd
