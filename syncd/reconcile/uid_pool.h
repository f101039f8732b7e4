// SPDX-License-Identifier: LGPL-2.1-or-later
// Which UID a site that is new to the ledger gets. Pure. A UID that ever stood in the ledger is never given again.
#pragma once

#include <boost/container/flat_set.hpp>

#include <cstdint>
#include <optional>

namespace heberg::syncd {

// Flat: one is made for each change, and ten thousand nodes would be most of its cost.
using uid_set = boost::container::flat_set<std::uint32_t>;

struct uid_range {
  std::uint32_t first = 20000;
  std::uint32_t last = 59999;
  [[nodiscard]] bool holds(std::uint32_t uid) const noexcept { return uid >= first && uid <= last; }
};

class uid_pool {
 public:
  // given: every UID in the ledger. seen: owners of www folders below the sites root, whose sites the ledger may not
  // know (it was lost, or a tree was copied here), and the UIDs of purged sites: free for adoption only.
  uid_pool(uid_range range, uid_set given, uid_set seen);

  // Takes this one, where it is in range and was never given.
  [[nodiscard]] bool adopt(std::uint32_t uid);

  // Takes the next above the highest used; where that is beyond the range, the lowest that was never used (an adopted
  // UID at the range's end must not use up all the others). nullopt: none is left.
  [[nodiscard]] std::optional<std::uint32_t> take_next();

  // Undoes adopt() or take_next().
  void give_back(std::uint32_t uid);

 private:
  [[nodiscard]] bool is_used(std::uint32_t uid) const;
  [[nodiscard]] std::optional<std::uint32_t> next() const;

  uid_range range_;
  uid_set given_;
  uid_set seen_;
};

}  // namespace heberg::syncd
