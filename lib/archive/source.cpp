// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive/source.h"

#include "archive/read_callbacks.h"
#include "base/errors.h"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <stdexcept>
#include <thread>
#include <utility>

namespace heberg::archive {
namespace {

constexpr std::size_t k_file_block = 1 << 18;
constexpr std::size_t k_block = 1 << 20;
constexpr std::size_t k_blocks = 4;
constexpr std::chrono::milliseconds k_pause{2};

}  // namespace

file_source::file_source(int fd) : fd_(fd), block_(k_file_block) {}

std::string_view file_source::next() {
  for (;;) {
    const auto size = ::pread(fd_, block_.data(), block_.size(), at_);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw_errno("read", "the archive");
    at_ += size;
    return {block_.data(), static_cast<std::size_t>(size)};
  }
}

std::string_view growing_file::next() {
  for (;;) {
    state known{};
    {
      const std::lock_guard lock(mutex_);
      known = state_;
    }
    if (known == state::cancelled) throw std::runtime_error("the archive was cancelled while it was written");
    // Nothing follows if the file was complete before this read.
    if (const auto bytes = file_.next(); !bytes.empty() || known == state::complete) return bytes;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, k_pause, [this] { return state_ != state::growing; });
  }
}

void growing_file::complete() {
  const std::lock_guard lock(mutex_);
  state_ = state::complete;
  changed_.notify_all();
}

void growing_file::cancel() {
  const std::lock_guard lock(mutex_);
  state_ = state::cancelled;
  changed_.notify_all();
}

struct decompressed::impl {
  explicit impl(source& packed) : packed_(packed), thread_([this] { run(); }) {}

  ~impl() {
    {
      const std::lock_guard lock(mutex_);
      is_closed_ = true;
      changed_.notify_all();
    }
    thread_.join();
  }

  std::string_view next() {
    std::unique_lock lock(mutex_);
    if (!taken_.empty()) free_.push_back(std::move(taken_));
    taken_.clear();
    changed_.notify_all();
    changed_.wait(lock, [this] { return !full_.empty() || has_ended_; });
    if (full_.empty()) {
      if (problem_) std::rethrow_exception(problem_);
      return {};
    }
    taken_ = std::move(full_.front());
    full_.pop_front();
    return {taken_.data(), taken_.size()};
  }

 private:
  void run() {
    try {
      decompress();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      problem_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    changed_.notify_all();
  }

  void decompress() {
    read_handle in;
    ::archive_read_support_format_raw(in.get());
    ::archive_read_support_filter_zstd(in.get());
    in.open(packed_);
    archive_entry* entry = nullptr;
    if (!in.check(::archive_read_next_header(in.get(), &entry), "damaged, or not a heberg archive")) return;
    std::vector<char> block;
    for (;;) {
      const void* bytes = nullptr;
      std::size_t size = 0;
      la_int64_t at = 0;
      if (!in.check(::archive_read_data_block(in.get(), &bytes, &size, &at), "damaged")) break;
      const auto* first = static_cast<const char*>(bytes);
      block.insert(block.end(), first, first + size);
      if (block.size() >= k_block && !hand_over(block)) return;
    }
    if (!block.empty()) (void)hand_over(block);
  }

  // Empties the block. False: the reader is gone.
  bool hand_over(std::vector<char>& block) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return full_.size() < k_blocks || is_closed_; });
    if (is_closed_) return false;
    full_.push_back(std::move(block));
    block = {};
    if (!free_.empty()) {
      block = std::move(free_.back());
      free_.pop_back();
      block.clear();
    }
    changed_.notify_all();
    return true;
  }

  source& packed_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<char>> full_;
  std::vector<std::vector<char>> free_;
  std::vector<char> taken_;
  std::exception_ptr problem_;
  bool has_ended_ = false;
  bool is_closed_ = false;
  std::thread thread_;  // last: it uses the other members
};

decompressed::decompressed(source& packed) : impl_(std::make_unique<impl>(packed)) {}
decompressed::~decompressed() = default;

std::string_view decompressed::next() {
  return impl_->next();
}

}  // namespace heberg::archive
