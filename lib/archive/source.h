// SPDX-License-Identifier: LGPL-2.1-or-later
// The bytes of an archive, from its beginning: of a file, of a file that is still being written, and either of them
// decompressed on a thread of its own, in parallel to the reader.
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

  // The next bytes, valid until the next call; empty at the end. Throws where they cannot be read.
  virtual std::string_view next() = 0;
};

// A regular file, open for reading. Its file position is neither used nor changed.
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

// The same for a file that another thread appends to: at its end next() waits for more, until that thread calls
// complete() or cancel(). It must call one of them before this is destroyed.
class growing_file : public source {
 public:
  explicit growing_file(int fd) : file_(fd) {}
  std::string_view next() override;

  void complete();  // everything is written
  void cancel();    // nothing more is written: next() throws

 private:
  enum class state { growing, complete, cancelled };

  file_source file_;
  std::mutex mutex_;
  std::condition_variable changed_;
  state state_ = state::growing;
};

// zstd is decompressed, anything else is passed on unchanged. Reads a few blocks ahead.
class decompressed : public source {
 public:
  explicit decompressed(source& packed);
  ~decompressed() override;  // ends the thread, after a next() of packed that is under way
  std::string_view next() override;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace heberg::archive
