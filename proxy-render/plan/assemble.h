// SPDX-License-Identifier: LGPL-2.1-or-later
// Containers of one owner that serve one host name together: the parts of a vhost, the oldest container's first. Pure.
#pragma once

#include "proxy-render/plan/parsed_container.h"
#include "proxy-render/plan/vhosts.h"

#include <string>
#include <vector>

namespace heberg::proxy {

class assembly {
 public:
  explicit assembly(const parsed_container& oldest, const requested_host& first);

  // The oldest first. A value that differs from that of an older container, and does not count, goes to `refused`.
  void add(const parsed_container& from, const requested_host& requested, const std::string& address,
           std::vector<complaint>& refused);

  [[nodiscard]] vhost finish() &&;

 private:
  struct location_parts {
    location made;
    const parsed_container* oldest = nullptr;
    std::vector<backend> second_choice;  // starting
    bool has_ill = false;
  };
  location_parts& find_location(const parsed_container& from, const requested_host& requested,
                                std::vector<complaint>& refused);

  vhost made_;
  const parsed_container* oldest_;
  std::vector<location_parts> locations_;
};

}  // namespace heberg::proxy
