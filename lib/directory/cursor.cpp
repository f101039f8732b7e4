// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/cursor.h"

#include <string.h>

#include <algorithm>
#include <cstdlib>
#include <type_traits>

namespace heberg::directory {

namespace {
constexpr std::uint32_t k_buffer_size = 65536;  // about 600 records
}

static_assert(std::is_trivially_default_constructible_v<cursor>, "a static cursor must need no constructor");

status cursor::peek(const source& accounts, account_entry& out) noexcept {
  record next;
  if (const status result = peek_record(accounts, next); result != status::found) return result;
  const bool sound = parse_account(next.line, out) && out.name == name_in(next.key);
  return sound ? status::found : status::damaged;
}

status cursor::peek(const source& shadow, shadow_entry& out) noexcept {
  record next;
  if (const status result = peek_record(shadow, next); result != status::found) return result;
  const bool sound = parse_shadow(next.line, out) && out.name == name_in(next.key);
  return sound ? status::found : status::damaged;
}

void cursor::advance() noexcept {
  if (peeked_ == 0) return;
  last_size_ = load_number(buffer_ + begin_);
  std::copy_n(buffer_ + begin_ + k_lengths_size, last_size_, last_);
  step(peeked_);
}

void cursor::reset() noexcept {
  if (buffer_ != nullptr) ::explicit_bzero(buffer_, k_buffer_size);
  std::free(buffer_);
  *this = {};
}

status cursor::peek_record(const source& from, record& out) noexcept {
  peeked_ = 0;
  for (bool filled = false;;) {
    if (position_ != 0 && remaining_ == 0) return status::not_found;
    const record_state state = read_record({buffer_ + begin_, end_ - begin_}, out);
    if (state == record_state::damaged) return status::damaged;
    if (state == record_state::partial) {
      if (filled) return status::damaged;  // the file's records end in the middle of one
      if (const status result = fill(from); result != status::found) return result;
      filled = true;
      continue;
    }
    if (!has_prefix(out.key, k_name_prefix)) return status::damaged;
    if (last_size_ == 0 || out.key > std::string_view(last_, last_size_)) {
      resuming_ = false;
      peeked_ = out.size;
      return status::found;
    }
    if (!resuming_) return status::damaged;  // not sorted: it might never end
    step(out.size);
    filled = false;
  }
}

void cursor::step(std::uint32_t size) noexcept {
  peeked_ = 0;
  begin_ += size;
  position_ += size;
  --remaining_;
}

// Reads on from position_; from the first record where the file is not the one that position_ belongs to.
status cursor::fill(const source& from) noexcept {
  open_file file;
  index_block block;
  if (const status opened = file.open(from); opened != status::found) return opened;
  if (!file.read_block(0, block)) return status::damaged;
  if (position_ == 0 || file.identity() != identity_) {
    identity_ = file.identity();
    position_ = k_records_begin;
    remaining_ = block.account_count();
    resuming_ = last_size_ != 0;
  }
  begin_ = end_ = 0;
  if (buffer_ == nullptr) buffer_ = static_cast<char*>(std::malloc(k_buffer_size));
  if (buffer_ == nullptr) return status::missing;  // errno is ENOMEM
  if (position_ > block.records_end()) return status::damaged;
  const std::uint32_t size = std::min(k_buffer_size, block.records_end() - position_);
  if (!file.read(buffer_, size, position_)) return status::damaged;
  end_ = size;
  return status::found;
}

}  // namespace heberg::directory
