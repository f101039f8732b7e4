// SPDX-License-Identifier: LGPL-2.1-or-later
// Where an archive's bytes come from, from its beginning on: a file, a file that is still being written, and either of
// them decompressed on a thread of its own, so that who reads has its processor to itself.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace heberg::archive {

class source {
 public:
  source() = default;
  source(const source&) = delete;
  source& operator=(const source&) = delete;
  virtual ~source() = default;

  // The next bytes, valid until the next call; empty at the end. Throws what is wrong with them.
  virtual std::string_view next() = 0;
};

// A regular file, open for reading; where its own position is does not matter, and it is not moved.
class file_source : public source {
 public:
  explicit file_source(int fd);
  std::string_view next() override;
  [[nodiscard]] off_t position() const noexcept { return at_; }

 private:
  const int fd_;
  off_t at_ = 0;
  std::vector<char> block_;
};

// The same, of a file that another thread appends to: at its end next() waits for more, until that thread has the last
// word. One of the two must be said before this goes.
class growing_file : public source {
 public:
  explicit growing_file(int fd) : file_(fd) {}
  std::string_view next() override;

  void complete();  // all is written
  void give_up();   // nothing more comes: next() throws

 private:
  enum class state { grows, complete, given_up };

  file_source file_;
  std::mutex mutex_;
  std::condition_variable told_;
  state state_ = state::grows;
};

// What is in zstd decompressed, anything else as it is. Reads ahead, a few blocks at the most.
class decompressed : public source {
 public:
  explicit decompressed(source& packed);  // which outlives it
  ~decompressed() override;               // ends the thread; waits for a next() of packed that is under way
  std::string_view next() override;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace heberg::archive
