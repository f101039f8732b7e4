// SPDX-License-Identifier: LGPL-2.1-or-later
// The reader on arbitrary bytes in the file's place. The first byte says which kind is asked for (bit 0), and whether
// the CRCs are made right first (bit 1), as a hostile writer would: without that nothing gets past them. The rest is
// the file. Nothing that a site cannot have is ever given, nothing out of range is read (the sanitizers watch), and
// every enumeration ends.
#include "base/unique_fd.h"
#include "directory/crc32.h"
#include "directory/cursor.h"
#include "directory/reader.h"
#include "support/temp_dir.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace heberg;
using namespace heberg::directory;

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

bool is_inside(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void judge(const account_entry& e) {
  require(is_site_name(e.name) && is_site_id(e.id) && e.line.size() <= k_line_max);
  for (const std::string_view part : {e.name, e.gecos, e.home, e.shell})
    require(is_field(part) && is_inside(part, e.line));
}

void judge(const shadow_entry& e) {
  require(is_site_name(e.name) && !e.hash.empty() && e.line.size() <= k_line_max);
  for (const std::string_view part : {e.name, e.hash}) require(is_field(part) && is_inside(part, e.line));
}

template <typename entry>
void enumerate(const source& from) {
  static cursor all;
  all.reset();
  entry out;
  std::string last;
  while (all.peek(from, out) == status::found) {
    judge(out);
    require(out.name > last);  // so it ends
    last = out.name;
    all.advance();
  }
}

void store(std::string& bytes, std::size_t at, std::size_t number) {
  const std::uint32_t little = htole32(static_cast<std::uint32_t>(number));
  bytes.replace(at, sizeof little, reinterpret_cast<const char*>(&little), sizeof little);
}

// Gives each record and each block of the index the CRC that it needs, and the blocks their size and number.
void reseal(std::string& bytes) {
  for (std::size_t at = k_records_begin; at + k_lengths_size <= bytes.size();) {
    const std::size_t key_size = load_number(&bytes[at]);
    const std::size_t value_size = load_number(&bytes[at + 4]);
    const bool fits = key_size <= k_key_max && value_size >= k_seal_size && value_size <= k_seal_size + k_line_max &&
                      at + k_lengths_size + key_size + value_size <= bytes.size();
    if (!fits) break;
    const std::string_view record = std::string_view(bytes).substr(at + k_lengths_size, key_size + value_size);
    const std::size_t size = record.size();
    char seal[k_seal_size + 1];
    std::snprintf(seal, sizeof seal, "%08x ",
                  seal_of(record.substr(0, key_size), record.substr(key_size + k_seal_size)));
    bytes.replace(at + k_lengths_size + key_size, k_seal_size, seal);
    at += k_lengths_size + size;
  }
  const std::size_t blocks = block_count(bytes.size());
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::size_t at = bytes.size() - (blocks - i) * k_block_size;
    store(bytes, at + k_at_file_size, bytes.size());
    store(bytes, at + k_at_index, i);
    store(bytes, at + k_at_crc, crc32(std::string_view(bytes).substr(at + 4, k_block_size - 4)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 65536) return 0;
  static const test::temp_dir folder;
  static const std::string path = folder / "file";
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 2) != 0) reseal(bytes);
  {
    const unique_fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    require(file && ::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }

  record_buffer buffer;
  if ((data[0] & 1) != 0) {
    const source shadow{path.c_str(), ::geteuid(), file_kind::shadow};
    shadow_entry entry;
    for (const char* name : {"site_1", "site_2", "absent", "root"}) {
      if (find_shadow(shadow, name, buffer, entry) == status::found) judge(entry), require(entry.name == name);
    }
    enumerate<shadow_entry>(shadow);
    return 0;
  }
  const source accounts{path.c_str(), ::geteuid(), file_kind::accounts};
  account_entry entry;
  for (const char* name : {"site_1", "site_2", "absent", "root"}) {
    if (find_account(accounts, std::string_view(name), buffer, entry) == status::found)
      judge(entry), require(entry.name == name);
  }
  for (const std::uint32_t id : {20000U, 20001U, 30000U, 0U}) {
    if (find_account(accounts, id, buffer, entry) == status::found) judge(entry), require(entry.id == id);
  }
  enumerate<account_entry>(accounts);
  return 0;
}
