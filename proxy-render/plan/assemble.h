// SPDX-License-Identifier: LGPL-2.1-or-later
// Containers of one owner that serve one host name together: the parts of a vhost, the oldest container's first. Pure.
#pragma once

#include "proxy-render/plan/candidate.h"
#include "proxy-render/plan/vhosts.h"

#include <string>
#include <vector>

namespace heberg::proxy {

class assembly {
 public:
  explicit assembly(const candidate& oldest, const wish& first);

  // The oldest first. What the container says differently from an older one, and does not get, goes to `refused`.
  void add(const candidate& from, const wish& wish, const std::string& address, std::vector<complaint>& refused);

  [[nodiscard]] vhost finish() &&;

 private:
  struct share {
    location made;
    const candidate* oldest = nullptr;
    std::vector<backend> second_choice;  // starting
    bool has_ill = false;
  };
  share& find_share(const candidate& from, const wish& wish, std::vector<complaint>& refused);

  vhost made_;
  const candidate* oldest_;
  std::vector<share> shares_;
};

}  // namespace heberg::proxy
