// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/lookup.h"

#include "directory/crc32.h"

#include <cdb.h>

#include <algorithm>

namespace heberg::directory {
namespace {

struct slot {
  std::uint32_t hash;
  std::uint32_t position;  // of the record; 0: empty
};

// The hash tables, read in the spans that have a check each.
class slot_reader {
 public:
  explicit slot_reader(const open_file& file) noexcept : file_(file) {}

  // The slot at this position of the file. False: damaged. Before another span is read, the one at hand is checked,
  // since what it said led here.
  [[nodiscard]] bool read(std::uint32_t position, slot& out) noexcept {
    const std::uint32_t span = (position - file_.records_end()) / k_check_span;
    if (span != span_ && !(check() && load(span))) return false;
    const char* at = bytes_ + (position - begin());
    out = {load_number(at), load_number(at + 4)};
    return true;
  }

  // Whether the span at hand is as it was written.
  [[nodiscard]] bool check() const noexcept {
    if (span_ == k_none) return true;
    char sum[k_check_size];
    return file_.read(sum, sizeof sum, file_.checks_begin() + span_ * k_check_size) &&
           load_number(sum) == crc32({bytes_, size_});
  }

 private:
  static constexpr std::uint32_t k_none = 0xffffffff;

  [[nodiscard]] std::uint32_t begin() const noexcept { return file_.records_end() + span_ * k_check_span; }

  [[nodiscard]] bool load(std::uint32_t span) noexcept {
    span_ = span;
    size_ = std::min(k_check_span, file_.checks_begin() - begin());
    return file_.read(bytes_, size_, begin());
  }

  const open_file& file_;
  std::uint32_t span_ = k_none;
  std::uint32_t size_ = 0;
  char bytes_[k_check_span];
};

// The record at a position that a slot named.
status read_record_at(const open_file& file, std::uint32_t position, record_buffer& buffer, record& out) noexcept {
  if (position < file.records_begin() || position >= file.records_end()) return status::damaged;
  constexpr std::uint32_t k_usual = 256;  // most records fit; a longer one costs a second read
  std::uint32_t have = 0;
  for (std::uint32_t want = k_usual;; want = out.size) {
    want = std::min(want, file.records_end() - position);
    if (want <= have || !file.read(buffer.bytes + have, want - have, position + have)) return status::damaged;
    have = want;
    const record_state state = read_record({buffer.bytes, have}, out);
    if (state != record_state::partial) return state == record_state::whole ? status::found : status::damaged;
  }
}

}  // namespace

status find_record(const open_file& file, std::string_view key, record_buffer& buffer, record& out) noexcept {
  const std::uint32_t hash = ::cdb_hash(key.data(), static_cast<unsigned>(key.size()));
  open_file::table table{};
  if (!file.find_table(hash % k_table_count, table)) return status::damaged;
  if (table.slots == 0) return status::not_found;

  slot_reader slots(file);
  std::uint32_t index = (hash / k_table_count) % table.slots;
  for (std::uint32_t probes = 0; probes < table.slots; ++probes) {
    slot at{};
    if (!slots.read(table.position + index * k_pair_size, at)) return status::damaged;
    if (at.position == 0) return slots.check() ? status::not_found : status::damaged;
    if (at.hash == hash) {
      const status read = read_record_at(file, at.position, buffer, out);
      if (read != status::found || out.key == key) return read;
    }
    if (++index == table.slots) index = 0;
  }
  return status::damaged;  // no empty slot: half of each table is empty in a file of the writer's
}

}  // namespace heberg::directory
