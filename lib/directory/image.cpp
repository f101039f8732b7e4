// SPDX-License-Identifier: LGPL-2.1-or-later
#include "directory/image.h"

#include "base/errors.h"
#include "base/hex.h"
#include "base/unique_fd.h"
#include "directory/entry.h"
#include "directory/format.h"
#include "directory/index_writer.h"
#include "directory/record.h"

#include <cdb.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace heberg::directory {
namespace {

[[noreturn]] void refuse(const account& a, const char* why) {
  // The name is quoted only where it is harmless: it may hold anything.
  throw std::invalid_argument("account " + (is_site_name(a.name) ? a.name : "with id " + std::to_string(a.id)) + ": " +
                              why);
}

std::string account_line(const account& a) {
  const std::string id = std::to_string(a.id);
  return a.name + ":x:" + id + ":" + id + ":" + a.gecos + ":" + a.home + ":" + a.shell;
}

std::string shadow_line(const account& a) {
  return a.name + (a.locked ? ":!" : ":") + a.hash + "::::::" + (a.expire < 0 ? "" : std::to_string(a.expire)) + ":";
}

bool is_hash(std::string_view text) {
  const auto printable = [](char c) { return c > ' ' && c < 0x7f && c != ':'; };
  return !text.empty() && text.front() != '!' && std::all_of(text.begin(), text.end(), printable);
}

// The reader decides: what it would not accept is not written.
void check(const account& a, std::string_view passwd, std::string_view shadow) {
  if (!is_site_name(a.name)) refuse(a, "not a name a site can have");
  if (!is_site_id(a.id)) refuse(a, "not an id a site can have");
  if (!is_hash(a.hash)) refuse(a, "not a password hash");
  if (passwd.size() > k_line_max || shadow.size() > k_line_max) refuse(a, "a field is too long");
  account_entry account_read;
  shadow_entry shadow_read;
  if (!parse_account(passwd, account_read) || !parse_shadow(shadow, shadow_read)) {
    refuse(a, "a field has a character it cannot have, or a path is not absolute");
  }
}

std::vector<const account*> sort(std::span<const account> accounts) {
  std::vector<const account*> sorted;
  std::vector<std::uint32_t> ids;
  sorted.reserve(accounts.size());
  ids.reserve(accounts.size());
  for (const account& a : accounts) {
    sorted.push_back(&a);
    ids.push_back(a.id);
  }
  std::ranges::sort(sorted, {}, [](const account* a) -> const std::string& { return a->name; });
  std::ranges::sort(ids);
  const auto same_name = [](const account* a, const account* b) { return a->name == b->name; };
  if (const auto twice = std::ranges::adjacent_find(sorted, same_name); twice != sorted.end()) {
    refuse(**twice, "given twice");
  }
  if (const auto twice = std::ranges::adjacent_find(ids); twice != ids.end()) {
    throw std::invalid_argument("id " + std::to_string(*twice) + ": given to two accounts");
  }
  return sorted;
}

std::string sealed(std::string_view key, std::string_view line) {
  std::string value;
  value.reserve(k_seal_size + line.size());
  const std::uint32_t seal = seal_of(key, line);
  std::array<unsigned char, 4> bytes{};
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes[static_cast<std::size_t>(24 - shift) / 8] = static_cast<unsigned char>(seal >> shift);
  return value.append(to_hex(bytes)).append(" ").append(line);
}

// tinycdb's maker, on a file in memory.
class maker {
 public:
  maker() : fd_(::memfd_create("heberg-directory", MFD_CLOEXEC)) {
    if (!fd_ || ::cdb_make_start(&make_, fd_.get()) != 0) throw_errno("make", "directory file in memory");
  }
  maker(const maker&) = delete;
  maker& operator=(const maker&) = delete;
  ~maker() {
    if (!finished_) (void)::cdb_make_finish(&make_);  // the only way to free what it holds
  }

  void add(std::string_view key, std::string_view value) {
    const auto key_size = static_cast<unsigned>(key.size());
    const auto value_size = static_cast<unsigned>(value.size());
    if (::cdb_make_add(&make_, key.data(), key_size, value.data(), value_size) != 0)
      throw_errno("make", "directory file in memory");
  }

  std::string finish() {
    finished_ = true;
    if (::cdb_make_finish(&make_) != 0) throw_errno("make", "directory file in memory");
    struct stat st {};
    if (::fstat(fd_.get(), &st) != 0) throw_errno("stat", "directory file in memory");
    const auto size = static_cast<std::size_t>(st.st_size);
    std::string bytes;
    bytes.reserve(size * 2);  // for the index
    bytes.resize(size);
    for (std::size_t done = 0; done < size;) {
      const ssize_t n = ::pread(fd_.get(), bytes.data() + done, size - done, static_cast<off_t>(done));
      if (n <= 0) throw_errno("read", "directory file in memory");
      done += static_cast<std::size_t>(n);
    }
    return bytes;
  }

 private:
  unique_fd fd_;
  ::cdb_make make_{};
  bool finished_ = false;
};

}  // namespace

std::string make_image(file_kind kind, std::span<const row> rows) {
  maker make;
  index_writer index(kind, rows.size());
  std::uint64_t position = k_records_begin;
  for (const row& r : rows) {
    const std::string value = sealed(r.name_key, r.line);
    make.add(r.name_key, value);
    index.add(r.name_key, position);
    if (!r.id_key.empty()) index.add(r.id_key, position);
    position += k_lengths_size + r.name_key.size() + value.size();
  }
  std::string bytes = make.finish();
  index.append_to(bytes, position);
  return bytes;
}

images make_images(std::span<const account> accounts) {
  std::vector<row> passwd;
  std::vector<row> shadow;
  passwd.reserve(accounts.size());
  shadow.reserve(accounts.size());
  for (const account* a : sort(accounts)) {
    const std::string name_key = std::string(k_name_prefix) + a->name;
    passwd.push_back({name_key, std::string(k_id_prefix) + std::to_string(a->id), account_line(*a)});
    shadow.push_back({name_key, {}, shadow_line(*a)});
    check(*a, passwd.back().line, shadow.back().line);
  }
  return {make_image(file_kind::accounts, passwd), make_image(file_kind::shadow, shadow)};
}

}  // namespace heberg::directory
