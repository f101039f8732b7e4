// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive/pack.h"

#include "archive/source.h"
#include "archive/unpack.h"
#include "archive/walk.h"
#include "base/errors.h"
#include "digest/sha256.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/xattr.h>

#include <algorithm>
#include <future>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace heberg::archive {
namespace {

using entry_pointer = std::unique_ptr<archive_entry, decltype(&::archive_entry_free)>;

constexpr std::size_t k_block = 1 << 18;

entry_pointer new_entry(const std::string& name) {
  entry_pointer entry(::archive_entry_new(), ::archive_entry_free);
  if (entry == nullptr) throw std::bad_alloc();
  ::archive_entry_set_pathname(entry.get(), name.c_str());
  return entry;
}

class packer {
 public:
  packer(int output, compression how, const counter& count, const limits& most)
      : count_(count), limits_(most), out_(::archive_write_new(), ::archive_write_free) {
    if (out_ == nullptr) throw std::bad_alloc();
    const auto threads = std::to_string(std::clamp(std::thread::hardware_concurrency(), 1U, 8U));
    // hdrcharset: names are bytes, whatever the locale.
    check(::archive_write_set_format_pax(out_.get()), "format");
    check(::archive_write_set_options(out_.get(), "hdrcharset=BINARY"), "names");
    if (how == compression::zstd) {
      check(::archive_write_add_filter_zstd(out_.get()), "zstd");
      // The site is paused meanwhile: a third faster than zstd's default of 3, for a twentieth more bytes.
      check(::archive_write_set_filter_option(out_.get(), "zstd", "compression-level", "2"), "level");
      // Without threads, where the library was built so: slower, no error.
      (void)::archive_write_set_filter_option(out_.get(), "zstd", "threads", threads.c_str());
    }
    check(::archive_write_set_bytes_per_block(out_.get(), 1 << 18), "blocks");
    check(::archive_write_open_fd(out_.get(), output), "open");
  }

  void add_text(const std::string& name, const std::string& text) {
    const auto entry = new_entry(name);
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ::archive_entry_set_perm(entry.get(), 0600);
    ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(text.size()));
    write_header(entry.get(), name);
    write(text, name);
  }

  void add(found_entry& found, pack_result& result) {
    const auto name = found.path.empty() ? std::string(k_tree_name) : k_tree_name + ("/" + found.path);
    count_name(name, result);
    const auto entry = new_entry(name);
    ::archive_entry_copy_stat(entry.get(), &found.status);
    ::archive_entry_unset_atime(entry.get());  // the same tree makes the same bytes
    ::archive_entry_unset_ctime(entry.get());
    ::archive_entry_unset_birthtime(entry.get());
    fact packed;
    if (S_ISLNK(found.status.st_mode)) {
      ::archive_entry_set_symlink(entry.get(), found.target.c_str());
      ::archive_entry_set_size(entry.get(), 0);
      packed = {'l', 0, to_hex(sha256_of(found.target))};
      write_header(entry.get(), name);
    } else if (S_ISDIR(found.status.st_mode)) {
      packed = {'d', 0, ""};
      add_attributes(entry.get(), found.fd.get());
      write_header(entry.get(), name);
    } else if (const auto* first = first_name(found)) {
      ::archive_entry_set_hardlink(entry.get(), (std::string(k_tree_name) + "/" + *first).c_str());
      ::archive_entry_set_size(entry.get(), 0);
      packed = {'h', 0, to_hex(sha256_of(*first))};
      write_header(entry.get(), name);
    } else {
      count_content(found, result);
      packed = add_file(entry.get(), name, found);
      result.bytes += packed.size;
    }
    result.packed.emplace(found.path, std::move(packed));
  }

  void close() { check(::archive_write_close(out_.get()), "finish"); }

 private:
  // As unpack.cpp counts: the head and the manifest are entries, too.
  void count_name(const std::string& name, const pack_result& so_far) {
    constexpr std::uint64_t k_own = 2;
    names_size_ += name.size();
    if (so_far.packed.size() >= limits_.entries - k_own)
      throw std::runtime_error("the tree has more than " + std::to_string(limits_.entries - k_own) +
                               " files and folders");
    if (names_size_ > limits_.names - sizeof k_head_name - sizeof k_manifest_name)
      throw std::runtime_error("the tree has too many paths, or too long ones");
  }

  void count_content(const found_entry& found, const pack_result& so_far) const {
    const auto size = static_cast<std::uint64_t>(found.status.st_size);
    if (size > limits_.bytes - so_far.bytes)
      throw std::runtime_error(found.path + ": the tree has more than " + std::to_string(limits_.bytes) + " bytes");
  }

  void check(int code, const std::string& what) {
    if (code == ARCHIVE_OK || code == ARCHIVE_WARN) return;
    const char* reason = ::archive_error_string(out_.get());
    throw std::runtime_error("archive: " + what + ": " + (reason == nullptr ? "unknown error" : reason));
  }

  void write_header(archive_entry* entry, const std::string& name) {
    check(::archive_write_header(out_.get(), entry), name);
  }

  void write(std::string_view bytes, const std::string& name) {
    const auto done = ::archive_write_data(out_.get(), bytes.data(), bytes.size());
    if (done != static_cast<la_ssize_t>(bytes.size())) check(ARCHIVE_FATAL, name);
  }

  // The path under which this file was packed before. Stores the first of several.
  const std::string* first_name(const found_entry& found) {
    if (found.status.st_nlink < 2) return nullptr;
    const auto [known, is_new] = names_.try_emplace({found.status.st_dev, found.status.st_ino}, found.path);
    return is_new ? nullptr : &known->second;
  }

  void add_attributes(archive_entry* entry, int fd) {
    std::string names(64 * 1024, '\0');
    const ssize_t size = ::flistxattr(fd, names.data(), names.size());
    for (std::string_view rest(names.data(), size < 0 ? 0 : static_cast<std::size_t>(size)); !rest.empty();) {
      const std::string name(rest.substr(0, rest.find('\0')));
      rest.remove_prefix(std::min(name.size() + 1, rest.size()));
      std::string value(64 * 1024, '\0');
      const ssize_t length = name.starts_with("user.") ? ::fgetxattr(fd, name.c_str(), value.data(), value.size()) : -1;
      if (length >= 0)
        ::archive_entry_xattr_add_entry(entry, name.c_str(), value.data(), static_cast<std::size_t>(length));
    }
  }

  // The data ranges of a file with holes; libarchive skips the rest.
  void add_holes(archive_entry* entry, int fd, const struct stat& status) {
    if (status.st_blocks * 512 >= status.st_size) return;
    for (off_t at = 0; at < status.st_size;) {
      const off_t data = ::lseek(fd, at, SEEK_DATA);
      if (data < 0) break;
      const off_t hole = std::min<off_t>(::lseek(fd, data, SEEK_HOLE), status.st_size);
      if (hole <= data) break;
      ::archive_entry_sparse_add_entry(entry, data, hole - data);
      at = hole;
    }
    if (::archive_entry_sparse_count(entry) == 0) ::archive_entry_sparse_add_entry(entry, status.st_size, 0);
    ::lseek(fd, 0, SEEK_SET);
  }

  fact add_file(archive_entry* entry, const std::string& name, const found_entry& found) {
    add_attributes(entry, found.fd.get());
    add_holes(entry, found.fd.get(), found.status);
    write_header(entry, name);
    auto left = static_cast<std::uint64_t>(found.status.st_size);
    sha256 digest;
    while (left > 0) {
      const ssize_t got = ::read(found.fd.get(), block_.data(), std::min<std::uint64_t>(block_.size(), left));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw_errno("read", found.path);
      if (got == 0) throw std::runtime_error(found.path + ": changed while it was read");
      const std::string_view bytes(block_.data(), static_cast<std::size_t>(got));
      digest.add(bytes);
      write(bytes, name);
      left -= bytes.size();
      if (count_) count_(bytes.size());
    }
    return {'f', static_cast<std::uint64_t>(found.status.st_size), to_hex(digest.finish())};
  }

  const counter& count_;
  const limits& limits_;
  std::uint64_t names_size_ = 0;
  std::unique_ptr<::archive, decltype(&::archive_write_free)> out_;
  std::map<std::pair<dev_t, ino_t>, std::string> names_;
  std::vector<char> block_ = std::vector<char>(k_block);
};

}  // namespace

pack_result pack(const head& about, int tree, int output, compression how, const counter& count, const limits& most) {
  pack_result result;
  packer out(output, how, count, most);
  out.add_text(k_head_name, to_text(about));
  walk_tree(
      tree, [&](found_entry& found) { out.add(found, result); },
      [&](const std::string& path, const std::string& why) { result.left_out.emplace_back(path, why); },
      most.readable_by);
  out.add_text(k_manifest_name, to_text(result.packed));
  out.close();
  return result;
}

pack_result pack_and_read_back(const head& about, int tree, int output, compression how, const counter& count,
                               const limits& most) {
  growing_file written(output);
  auto read_back = std::async(std::launch::async, [&written] { return validate(written, k_no_limits).files; });
  pack_result result;
  try {
    result = pack(about, tree, output, how, count, most);
  } catch (...) {
    written.cancel();
    throw;
  }
  written.complete();
  if (read_back.get() != result.packed)
    throw std::runtime_error("the archive of " + about.site + " differs from what was packed when it is read back");
  return result;
}

}  // namespace heberg::archive
