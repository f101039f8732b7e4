// SPDX-License-Identifier: LGPL-2.1-or-later
// A password in memory: one buffer, never copied, wiped by its destructor. (Not a std::string: a short one leaves its
// bytes behind in the object that it was moved from.)
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace heberg {

class secret {
 public:
  secret() = default;
  explicit secret(std::string_view text) : size_(text.size()), bytes_(new char[text.size() + 1]) {
    if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
    bytes_[size_] = '\0';
  }
  secret(secret&& other) noexcept : size_(std::exchange(other.size_, 0)), bytes_(std::move(other.bytes_)) {}
  secret& operator=(secret&& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  secret(const secret&) = delete;
  secret& operator=(const secret&) = delete;
  ~secret() {
    if (bytes_ != nullptr) ::explicit_bzero(bytes_.get(), size_);
  }

  [[nodiscard]] std::string_view view() const noexcept {
    return bytes_ == nullptr ? "" : std::string_view(bytes_.get(), size_);
  }
  [[nodiscard]] const char* c_str() const noexcept { return bytes_ == nullptr ? "" : bytes_.get(); }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  bool operator==(const secret& other) const noexcept { return view() == other.view(); }

 private:
  std::size_t size_ = 0;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace heberg
