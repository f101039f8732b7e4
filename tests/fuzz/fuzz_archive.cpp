// SPDX-License-Identifier: LGPL-2.1-or-later
// Archives of a stranger. The first byte says what the rest is:
//   t  a tar file, or one in zstd; the sums of its headers are made right first, as a hostile writer would
//   f  lines "KIND PATH TEXT" (see forge()), of which an archive is written whose manifest agrees
//   h  a head, m  a manifest, p  a path, and on the next line a link's target
// What validate() accepts is within the limits and is a tree that no path and no link leaves. unpack() writes that tree
// and nothing beside it, and what pack() makes of it has the same manifest.
#include "archive/pack.h"
#include "archive/paths.h"
#include "archive/unpack.h"
#include "base/names.h"
#include "base/unique_fd.h"
#include "digest/sha256.h"
#include "support/temp_dir.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace heberg;
using namespace heberg::archive;
namespace fs = std::filesystem;

constexpr limits k_limits{.entries = 64, .bytes = 1 << 20, .names = 1 << 14};
constexpr std::size_t k_block = 512;  // tar's

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view next_field(std::string_view& rest, char end) {
  const auto field = rest.substr(0, rest.find(end));
  rest.remove_prefix(std::min(field.size() + 1, rest.size()));
  return field;
}

// Gives each header of a tar file the sum that it needs: the sum of its bytes, its own field as blanks.
void reseal(std::string& tar) {
  for (std::size_t at = 0; at + k_block <= tar.size();) {
    for (std::size_t i = 148; i < 156; ++i) tar[at + i] = ' ';
    unsigned sum = 0;
    for (std::size_t i = 0; i < k_block; ++i) sum += static_cast<unsigned char>(tar[at + i]);
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "%06o", sum & 0777777U);
    tar.replace(at + 148, 7, text.data(), 7);
    std::size_t size = 0;
    std::from_chars(&tar[at + 124], &tar[at + 135], size, 8);
    at += k_block + (std::min(size, tar.size()) + k_block - 1) / k_block * k_block;
  }
}

// An archive with what it is told to hold.
class forger {
 public:
  forger() : bytes_(k_size, '\0'), out_(::archive_write_new(), ::archive_write_free) {
    ::archive_write_set_format_pax(out_.get());
    ::archive_write_set_options(out_.get(), "hdrcharset=BINARY");
    ::archive_write_set_bytes_per_block(out_.get(), 0);
    require(::archive_write_open_memory(out_.get(), bytes_.data(), bytes_.size(), &used_) == ARCHIVE_OK);
  }

  void put(const std::string& name, mode_t type, std::string_view text, std::string_view link = {}, char kind = 'f',
           std::int64_t hole = 0) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(::archive_entry_new(), ::archive_entry_free);
    ::archive_entry_set_pathname(entry.get(), name.c_str());
    ::archive_entry_set_filetype(entry.get(), type);
    ::archive_entry_set_perm(entry.get(), type == AE_IFDIR ? 0755 : 04644);
    ::archive_entry_set_mtime(entry.get(), 1'700'000'000, 5);
    ::archive_entry_set_size(entry.get(), hole + static_cast<std::int64_t>(text.size()));
    if (hole > 0) ::archive_entry_sparse_add_entry(entry.get(), hole, static_cast<std::int64_t>(text.size()));
    if (kind == 'l') ::archive_entry_set_symlink(entry.get(), std::string(link).c_str());
    if (kind == 'h') ::archive_entry_set_hardlink(entry.get(), std::string(link).c_str());
    if (::archive_write_header(out_.get(), entry.get()) < ARCHIVE_WARN) return;  // a name that pax cannot have
    const std::string zeros(static_cast<std::size_t>(hole), '\0');
    if (hole > 0) ::archive_write_data(out_.get(), zeros.data(), zeros.size());
    if (!text.empty()) ::archive_write_data(out_.get(), text.data(), text.size());
  }

  std::string finish() {
    ::archive_write_close(out_.get());
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  static constexpr std::size_t k_size = 1 << 18;

  std::string bytes_;
  std::size_t used_ = 0;
  std::unique_ptr<::archive, int (*)(::archive*)> out_;
};

// d folder, f file, l symbolic link, h hard link (TEXT: what it leads to), s a file with a hole before its text, r a
// member of any name, b a device, p a FIFO, x a line of the manifest.
std::string forge(std::string_view lines) {
  forger out;
  manifest facts;
  std::string more;
  out.put(k_head_name, AE_IFREG, to_text(head{.site = "a", .uid = 20000, .lock_reason = "", .specification = ""}));
  out.put(k_tree_name, AE_IFDIR, "");
  facts[""] = {'d', 0, ""};
  for (int count = 0; !lines.empty() && count < 80; ++count) {
    auto line = next_field(lines, '\n');
    const auto kind = next_field(line, ' ');
    const std::string path(next_field(line, ' '));
    const std::string text(line.substr(0, 2000));
    const auto name = k_tree_name + ("/" + path);
    if (kind == "d") out.put(name, AE_IFDIR, ""), facts[path] = {'d', 0, ""};
    if (kind == "f") out.put(name, AE_IFREG, text), facts[path] = {'f', text.size(), to_hex(sha256_of(text))};
    if (kind == "l") out.put(name, AE_IFLNK, "", text, 'l'), facts[path] = {'l', 0, to_hex(sha256_of(text.c_str()))};
    if (kind == "h")
      out.put(name, AE_IFREG, "", "tree/" + text, 'h'), facts[path] = {'h', 0, to_hex(sha256_of(text.c_str()))};
    if (kind == "s") {
      out.put(name, AE_IFREG, text, {}, 'f', 4096);
      facts[path] = {'f', 4096 + text.size(), to_hex(sha256_of(std::string(4096, '\0') + text))};
    }
    if (kind == "r") out.put(path, AE_IFREG, text);
    if (kind == "b") out.put(name, AE_IFBLK, ""), facts[path] = {'f', 0, to_hex(sha256_of(""))};
    if (kind == "p") out.put(name, AE_IFIFO, ""), facts[path] = {'f', 0, to_hex(sha256_of(""))};
    if (kind == "x") more += path + (text.empty() ? "" : " " + text) + "\n";
  }
  out.put(k_manifest_name, AE_IFREG, to_text(facts) + more);
  return out.finish();
}

unique_fd in_memory(std::string_view bytes) {
  unique_fd file(::memfd_create("archive", MFD_CLOEXEC));
  require(file && ::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  return file;
}

void check_contents(const contents& known) {
  require(is_site_name(known.about.site) && is_site_id(known.about.uid));
  require(parse_head(to_text(known.about)) == known.about);
  require(std::ranges::all_of(known.about.certificates, is_certificate_name));
  require(known.files.size() <= k_limits.entries && known.bytes <= k_limits.bytes);
  require(parse_manifest(to_text(known.files)) == known.files);
  std::uint64_t bytes = 0;
  for (const auto& [path, fact] : known.files) {
    require(is_valid_path(path));
    const auto parent = known.files.find(parent_of(path));
    require(parent != known.files.end() && parent->second.kind == 'd');
    bytes += fact.size;
  }
  require(known.files.begin()->first.empty() && bytes == known.bytes);
}

// Where the link leads, by the names alone: never above the tree.
void check_links(const fs::path& tree) {
  for (const auto& entry : fs::recursive_directory_iterator(tree)) {
    require(entry.is_symlink() || entry.is_regular_file() || entry.is_directory());
    if (!entry.is_symlink()) {
      require((entry.status().permissions() & fs::perms::set_uid) == fs::perms::none);
      continue;
    }
    const auto leads_to = (entry.path().parent_path() / fs::read_symlink(entry.path())).lexically_normal();
    require((leads_to.string() + "/").starts_with(tree.string() + "/"));
  }
}

// A hard link's second name is a file of its own to pack(), which finds the first by its own order.
manifest without_links(manifest files) {
  std::erase_if(files, [](const auto& known) { return known.second.kind == 'h' || known.second.kind == 'f'; });
  return files;
}

// Whether it was accepted.
bool check_archive(std::string_view bytes) {
  static const test::temp_dir folder;
  const auto input = in_memory(bytes);
  contents known;
  try {
    known = validate(input.get(), k_limits);
  } catch (const bad_archive& error) {
    require(*error.what() != '\0');
    return false;
  }
  check_contents(known);
  fs::create_directory(folder / "tree");
  const auto tree = test::open_folder(folder / "tree");
  try {
    unpack(input.get(), known, tree.get(), {.uid = 20000, .is_changed = false});
  } catch (const std::system_error&) {  // a name too long for this file system
    fs::remove_all(folder / "tree");
    return true;
  }
  require(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
  check_links(folder / "tree");
  const auto again = unique_fd(::memfd_create("again", MFD_CLOEXEC));
  const auto packed = pack(known.about, tree.get(), again.get(), compression::none);
  require(packed.left_out.empty() && packed.packed.size() == known.files.size());
  require(without_links(packed.packed) == without_links(known.files));
  require(validate(again.get(), k_no_limits).files == packed.packed);
  fs::remove_all(folder / "tree");
  return true;
}

// The path that remains of path/../target, or nothing where ".." climbs above the tree.
bool stays_inside_by_components(std::string_view path, std::string_view target) {
  std::vector<std::string_view> at;
  for (auto rest = path; !rest.empty();) at.push_back(next_field(rest, '/'));
  at.pop_back();
  for (auto rest = target; !rest.empty();) {
    const auto part = next_field(rest, '/');
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      at.push_back(part);
    } else if (at.empty()) {
      return false;
    } else {
      at.pop_back();
    }
  }
  return !target.empty() && target[0] != '/' && target.size() <= k_path_max;
}

void check_path(std::string_view text) {
  const auto path = next_field(text, '\n');
  const auto encoded = encode_path(path);
  require(std::ranges::all_of(encoded, [](char c) { return c > ' ' && c < 127; }));
  require(decode_path(encoded) == path);
  if (path.empty() || !is_valid_path(path)) return;
  require(parent_of(path).empty() ? name_of(path) == path : parent_of(path) + "/" + name_of(path) == path);
  require(stays_inside(path, text) == stays_inside_by_components(path, text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Without this all archives could be refused for a mistake of forge()'s.
  static const bool is_sound = check_archive(forge("d www\nf www/x text\ns www/y end\nl www/l x\nh www/h www/x\n"));
  require(is_sound);
  if (size == 0 || size > 65536) return 0;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (static_cast<char>(data[0])) {
    case 't':
      if (!text.starts_with("\x28\xb5\x2f\xfd")) reseal(text);  // zstd's magic number
      (void)check_archive(text);
      break;
    case 'f':
      (void)check_archive(forge(text));
      break;
    case 'h':
      if (const auto about = parse_head(text)) {
        require(is_site_name(about->site) && is_site_id(about->uid));
        require(parse_head(to_text(*about)) == about);
      }
      break;
    case 'm':
      if (const auto facts = parse_manifest(text)) {
        require(std::ranges::all_of(*facts, [](const auto& known) { return is_valid_path(known.first); }));
        require(parse_manifest(to_text(*facts)) == facts);
      }
      break;
    default:
      check_path(text);
      break;
  }
  return 0;
}
