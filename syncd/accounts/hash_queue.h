// SPDX-License-Identifier: LGPL-2.1-or-later
// The queue of passwords that wait for their hash. hasher.h works it off.
#pragma once

#include "tree/password_file.h"

#include <cstdint>
#include <string>

namespace heberg::syncd {

struct hash_job {
  std::string site;
  std::uint64_t ticket = 0;  // comes back with the result: a newer job of the same site makes an older result worthless
  bool make_new = false;     // generate a password and store it; else:
  tree::secret password;
  std::string old_hash;  // compared first: the file may have been touched, not changed. Empty: there is none.
  tree::fingerprint file;
};

struct hash_result {
  std::string site;
  std::uint64_t ticket = 0;
  std::string hash;
  tree::fingerprint file;
  tree::secret made;      // the password, where one was generated
  bool is_stale = false;  // a password file exists by now: no password was generated
  std::string error;      // why there is no hash
};

class hash_queue {
 public:
  virtual ~hash_queue() = default;

  // urgent: somebody has just changed a password. Urgent jobs overtake the thousands of a start.
  enum class lane { bulk, urgent };
  virtual void push(hash_job job, lane where) = 0;

  // Ask before pushing bulk work, so that the queue stays short: it holds passwords.
  [[nodiscard]] virtual bool has_room() const = 0;
};

}  // namespace heberg::syncd
