// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive/unpack.h"

#include "archive/paths.h"
#include "archive/read_callbacks.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "digest/sha256.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace heberg::archive {
namespace {

struct member {
  std::string path;
  char kind = 'f';
  std::uint64_t size = 0;
  std::string target;  // of a link: a symbolic link's text, a hard link's path
  archive_entry* entry = nullptr;
};

class reader {
 public:
  reader(source& input, const limits& most) : plain_(input), limits_(most) {
    // Only what pack() writes: the fewer parsers read an untrusted file, the better.
    ::archive_read_support_format_tar(in_.get());
    in_.open(plain_);
  }

  // The next entry; nullptr at the end.
  archive_entry* next() {
    archive_entry* entry = nullptr;
    if (!in_.check(::archive_read_next_header(in_.get(), &entry), "damaged, or not a heberg archive")) return nullptr;
    if (++entries_ > limits_.entries)
      throw bad_archive("contains more than " + std::to_string(limits_.entries) + " entries");
    if (const char* name = ::archive_entry_pathname(entry); name != nullptr) names_ += std::strlen(name);
    if (names_ > limits_.names) throw bad_archive("contains too many paths, or too long ones");
    return entry;
  }

  // The content in parts, without holes: take(bytes, position).
  template <typename Take>
  void read_content(std::uint64_t longest, Take take) {
    std::uint64_t end = 0;
    for (;;) {
      const void* bytes = nullptr;
      std::size_t size = 0;
      la_int64_t at = 0;
      if (!in_.check(::archive_read_data_block(in_.get(), &bytes, &size, &at), "damaged")) return;
      if (at < 0 || static_cast<std::uint64_t>(at) < end) throw bad_archive("damaged");
      end = static_cast<std::uint64_t>(at) + size;
      if (end > longest) throw bad_archive("an entry is longer than its header says, or than allowed");
      if (size > 0) take(std::string_view(static_cast<const char*>(bytes), size), static_cast<std::uint64_t>(at));
    }
  }

  void count(std::uint64_t bytes) {
    if (bytes > limits_.bytes || bytes_ + bytes > limits_.bytes) fail_size();
    bytes_ += bytes;
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // The longest manifest of what was read so far.
  [[nodiscard]] std::uint64_t manifest_max() const { return 3 * names_ + 160 * entries_; }

  std::string read_text(std::uint64_t longest) {
    std::string text;
    read_content(longest, [&](std::string_view bytes, std::uint64_t at) {
      if (at != text.size()) throw bad_archive("its description is damaged");
      text += bytes;
    });
    return text;
  }

 private:
  [[noreturn]] void fail_size() { throw bad_archive("contains more than " + std::to_string(limits_.bytes) + " bytes"); }

  decompressed plain_;
  read_handle in_;
  limits limits_;
  std::uint64_t entries_ = 0;
  std::uint64_t names_ = 0;
  std::uint64_t bytes_ = 0;
};

std::string shown(std::string_view path) {
  return path.empty() ? "." : encode_path(path.substr(0, 200));
}

// "tree/www/x" to "www/x".
std::string path_below_tree(const char* name, const char* what) {
  std::string_view path = name == nullptr ? "" : name;
  while (path.ends_with('/')) path.remove_suffix(1);  // as tar writes folders
  const std::string_view top = k_tree_name;
  if (path == top) return {};
  if (!path.starts_with(top) || path.size() == top.size() || path[top.size()] != '/' ||
      !is_valid_path(path.substr(top.size() + 1)))
    throw bad_archive(std::string(what) + " leaves the tree: " + shown(path));
  return std::string(path.substr(top.size() + 1));
}

member read_member(archive_entry* entry) {
  member member;
  member.entry = entry;
  member.path = path_below_tree(::archive_entry_pathname(entry), "a path");
  if (const char* first = ::archive_entry_hardlink(entry); first != nullptr) {
    if (::archive_entry_size(entry) > 0) throw bad_archive("a hard link with content: " + shown(member.path));
    member.kind = 'h';
    member.target = path_below_tree(first, "a hard link");
    return member;
  }
  if (::archive_entry_filetype(entry) != AE_IFREG && ::archive_entry_size(entry) > 0)
    throw bad_archive("an entry that is no file has content: " + shown(member.path));
  switch (::archive_entry_filetype(entry)) {
    case AE_IFREG:
      member.kind = 'f';
      member.size = static_cast<std::uint64_t>(std::max<la_int64_t>(::archive_entry_size(entry), 0));
      return member;
    case AE_IFDIR:
      member.kind = 'd';
      return member;
    case AE_IFLNK:
      member.kind = 'l';
      if (const char* target = ::archive_entry_symlink(entry); target != nullptr) member.target = target;
      if (!stays_inside(member.path, member.target))
        throw bad_archive("a symbolic link leaves the tree: " + shown(member.path));
      return member;
    default:
      throw bad_archive("contains a device, FIFO or socket: " + shown(member.path));
  }
}

// Adds zeros for a hole.
void add_zeros(sha256& digest, std::uint64_t count) {
  static const std::string zeros(1 << 16, '\0');
  while (count > 0) {
    const auto size = std::min<std::uint64_t>(count, zeros.size());
    digest.add(std::string_view(zeros).substr(0, size));
    count -= size;
  }
}

// Reads a file's content, passes it to `take`, and returns what it was.
template <typename Take>
fact read_file(reader& in, const member& member, const counter& count, Take take) {
  in.count(member.size);
  sha256 digest;
  std::uint64_t at = 0;
  in.read_content(member.size, [&](std::string_view bytes, std::uint64_t position) {
    add_zeros(digest, position - at);
    digest.add(bytes);
    at = position + bytes.size();
    take(bytes, position);
    if (count) count(bytes.size());
  });
  add_zeros(digest, member.size - at);
  return {'f', member.size, to_hex(digest.finish())};
}

// An entry without content.
fact describe(const member& member) {
  if (member.kind == 'd') return {'d', 0, ""};
  return {member.kind, 0, to_hex(sha256_of(member.target))};
}

// The parent must be an earlier folder, so that no path leads through a link or a file.
void check_place(const manifest& seen, const member& member) {
  if (seen.contains(member.path)) throw bad_archive("duplicate path: " + shown(member.path));
  if (member.path.empty()) {
    if (member.kind != 'd' || !seen.empty()) throw bad_archive("its tree does not start with a folder");
    return;
  }
  const auto parent = seen.find(parent_of(member.path));
  if (parent == seen.end() || parent->second.kind != 'd')
    throw bad_archive("a path leads through something that is not a folder: " + shown(member.path));
  if (member.kind != 'h') return;
  const auto first = seen.find(member.target);
  if (first == seen.end() || first->second.kind != 'f')
    throw bad_archive("a hard link to something that is not a file: " + shown(member.path));
}

class writer {
 public:
  writer(int folder, const owner& whose) : folder_(folder), owner_(whose) {}

  template <typename Read>
  void write(const member& member, Read read) {
    if (member.kind == 'd') return make_folder(member);
    const auto parent = open_folder(parent_of(member.path));
    const auto name = name_of(member.path);
    if (member.kind == 'h') {
      const auto from = open_folder(parent_of(member.target));
      if (::linkat(from.get(), name_of(member.target).c_str(), parent.get(), name.c_str(), 0) != 0)
        throw_errno("link", shown(member.path));
    } else if (member.kind == 'l') {
      if (::symlinkat(member.target.c_str(), parent.get(), name.c_str()) != 0) throw_errno("link", shown(member.path));
      set_owner_of_link(member, parent.get(), name);
    } else {
      write_file(member, parent.get(), name, read);
    }
  }

  // Folders last, the deepest first: writing into a folder changes its time, and its mode may forbid it.
  void finish() {
    std::sort(folders_.begin(), folders_.end(), [](const auto& a, const auto& b) { return a.path > b.path; });
    for (const auto& known : folders_) {
      const auto fd = open_folder(known.path);
      set_owner_and_mode(fd.get(), known.path, known.status);
    }
  }

 private:
  struct later {
    std::string path;
    struct stat status {};
  };

  unique_fd open_folder(const std::string& path) {
    auto fd = open_beneath(folder_, path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!fd) throw_errno("open", shown(path));
    return fd;
  }

  void make_folder(const member& member) {
    if (!member.path.empty()) {
      const auto parent = open_folder(parent_of(member.path));
      if (::mkdirat(parent.get(), name_of(member.path).c_str(), 0700) != 0) throw_errno("create", shown(member.path));
    }
    set_attributes(open_folder(member.path).get(), member.entry);
    folders_.push_back({member.path, *::archive_entry_stat(member.entry)});
  }

  template <typename Read>
  void write_file(const member& member, int parent, const std::string& name, Read read) {
    const unique_fd file(::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) throw_errno("create", shown(member.path));
    read([&](std::string_view bytes, std::uint64_t at) {
      while (!bytes.empty()) {
        const ssize_t done = ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) throw_errno("write", shown(member.path));
        bytes.remove_prefix(static_cast<std::size_t>(done));
        at += static_cast<std::uint64_t>(done);
      }
    });
    if (::ftruncate(file.get(), static_cast<off_t>(member.size)) != 0) throw_errno("write", shown(member.path));
    set_attributes(file.get(), member.entry);
    set_owner_and_mode(file.get(), member.path, *::archive_entry_stat(member.entry));
  }

  void set_attributes(int fd, archive_entry* entry) {
    ::archive_entry_xattr_reset(entry);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (::archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
      if (name == nullptr || !std::string_view(name).starts_with("user.")) continue;
      if (::fsetxattr(fd, name, value, size, 0) != 0) throw_errno("set attribute of", "a file");
    }
  }

  [[nodiscard]] std::uint32_t map(std::uint32_t id) const { return id == 0 ? 0 : owner_.uid; }

  // The owner first: chown(2) clears set-id bits. A site needs no set-id file.
  void set_owner_and_mode(int fd, const std::string& path, const struct stat& status) {
    if (owner_.is_changed && ::fchown(fd, map(status.st_uid), map(status.st_gid)) != 0)
      throw_errno("chown", shown(path));
    const auto mode = status.st_mode & (S_ISDIR(status.st_mode) ? 03777U : 0777U);
    if (::fchmod(fd, mode) != 0) throw_errno("chmod", shown(path));
    const timespec times[2] = {status.st_mtim, status.st_mtim};
    if (::futimens(fd, times) != 0) throw_errno("set the time of", shown(path));
  }

  void set_owner_of_link(const member& member, int parent, const std::string& name) {
    const auto& status = *::archive_entry_stat(member.entry);
    if (owner_.is_changed &&
        ::fchownat(parent, name.c_str(), map(status.st_uid), map(status.st_gid), AT_SYMLINK_NOFOLLOW) != 0)
      throw_errno("chown", shown(member.path));
    const timespec times[2] = {status.st_mtim, status.st_mtim};
    ::utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW);
  }

  int folder_;
  owner owner_;
  std::vector<later> folders_;
};

head read_head(reader& in) {
  auto* const entry = in.next();
  if (entry == nullptr || ::archive_entry_pathname(entry) == nullptr ||
      std::string_view(::archive_entry_pathname(entry)) != k_head_name)
    throw bad_archive("not a heberg archive");
  auto about = parse_head(in.read_text(k_head_max));
  if (!about) throw bad_archive("unsupported version, or invalid site name or UID");
  return *about;
}

bool is_manifest(archive_entry* entry) {
  const char* name = ::archive_entry_pathname(entry);
  return name != nullptr && std::string_view(name) == k_manifest_name;
}

}  // namespace

contents validate(source& input, const limits& most, const counter& count) {
  reader in(input, most);
  contents result;
  result.about = read_head(in);
  for (;;) {
    auto* const entry = in.next();
    if (entry == nullptr) throw bad_archive("truncated: the manifest is missing");
    if (is_manifest(entry)) break;
    const auto member = read_member(entry);
    check_place(result.files, member);
    result.files.emplace(member.path, member.kind == 'f'
                                          ? read_file(in, member, count, [](std::string_view, std::uint64_t) {})
                                          : describe(member));
  }
  const auto written = parse_manifest(in.read_text(in.manifest_max()));
  if (!written || *written != result.files) throw bad_archive("its files differ from its manifest");
  if (in.next() != nullptr) throw bad_archive("contains data after its manifest");
  if (result.files.empty()) throw bad_archive("contains no tree");
  result.bytes = in.bytes();
  return result;
}

contents validate(int input, const limits& most, const counter& count) {
  file_source file(input);
  return validate(file, most, count);
}

contents contents_of(const head& about, const pack_result& written) {
  auto as_read = parse_head(to_text(about));
  if (!as_read) throw bad_archive("invalid site name or UID");
  return {.about = std::move(*as_read), .files = written.packed, .bytes = written.bytes};
}

void unpack(int input, const contents& known, int folder, const owner& whose, const counter& count) {
  file_source file(input);
  reader in(file, {.entries = known.files.size() + 2, .bytes = known.bytes + k_head_max, .names = UINT64_MAX});
  if (read_head(in) != known.about) throw bad_archive("changed while it was read");
  writer out(folder, whose);
  manifest seen;
  for (auto* entry = in.next(); entry != nullptr && !is_manifest(entry); entry = in.next()) {
    const auto member = read_member(entry);
    check_place(seen, member);
    auto was = member.kind == 'f' ? fact{} : describe(member);
    out.write(member, [&](auto take) { was = read_file(in, member, count, take); });
    const auto expected = known.files.find(member.path);
    if (expected == known.files.end() || expected->second != was) throw bad_archive("changed while it was read");
    seen.emplace(member.path, std::move(was));
  }
  if (seen.size() != known.files.size()) throw bad_archive("changed while it was read");
  out.finish();
}

}  // namespace heberg::archive
