// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/files/host_files.h"

#include "base/beneath.h"
#include "base/characters.h"
#include "base/errors.h"
#include "digest/sha1.h"
#include "proxy-render/files/file_stamp.h"
#include "proxy-render/nginx/directives.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace heberg::proxy {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_location = "_location";

// As a container's VIRTUAL_HOST becomes a host's name: the file WWW.Example.org is www.example.org's. What is not a name
// may be a SHA-1 with a suffix: it stays as it is, if it has the characters of one (a name is rendered). Empty: no host's.
std::string host_key(std::string name) {
  const std::string end(name.ends_with(k_location) ? k_location : "");
  const auto parsed = site::parse_host(name.substr(0, name.size() - end.size()));
  const auto* host = std::get_if<site::host>(&parsed);
  if (host != nullptr && host->kind != site::host_kind::regex) return host->text + end;
  const auto is_of_names = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("._-*").find(c) != std::string_view::npos;
  };
  return std::ranges::all_of(name, is_of_names) && !name.starts_with('.') ? name : std::string();
}

bool is_roots_alone(const struct stat& file) {
  const bool ours = file.st_uid == 0 || file.st_uid == ::geteuid();
  return ours && (file.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Workers are not root: all users, or a group of the workers, must have the permission.
bool can_workers_read(const struct stat& file) {
  return file.st_uid != 0 || (file.st_mode & S_IROTH) != 0 || ((file.st_mode & S_IRGRP) != 0 && file.st_gid != 0);
}

// Without following a link, but one to a file of the same folder.
unique_fd open_in(int folder, const fs::path& path) {
  auto file = open_beneath(folder, path.filename().c_str(), O_PATH);
  if (file || errno != ELOOP) return file;
  std::error_code none;
  const auto target = fs::canonical(path, none);
  if (none || target.parent_path() != fs::canonical(path.parent_path(), none)) {
    errno = ELOOP;
    return {};
  }
  return open_beneath(folder, target.filename().c_str(), O_PATH);
}

// nginx reports a file that is longer, or that cannot be read to its end.
std::string read_beginning(int path_fd) {
  constexpr std::size_t k_most = 256U << 10U;
  std::string text;
  const auto file = reopen(path_fd, O_RDONLY | O_NONBLOCK);
  std::array<char, 4096> block{};
  while (file && text.size() < k_most) {
    const auto count = ::read(file.get(), block.data(), block.size());
    if (count <= 0) break;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return text;
}

bool is_gone(int folder, const fs::path& path) {
  struct stat is {};
  return ::fstatat(folder, path.filename().c_str(), &is, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

// Nothing for a file that was removed since the folder was read: it is as good as one that was never there.
std::optional<host_file> judge(int folder, const fs::path& path, read_by reader) {
  host_file found{.path = path.string(), .stamp = {}};
  const auto file = open_in(folder, path);  // O_PATH: a pipe must not be opened to be judged
  struct stat is {};
  if (!file) {
    const int error = errno;
    if (is_gone(folder, path)) return std::nullopt;
    found.fault =
        error == ELOOP ? "is a link out of its folder, or to nothing" : std::string("open: ") + std::strerror(error);
  } else if (::fstat(file.get(), &is) != 0 || !S_ISREG(is.st_mode)) {
    found.fault = "is not a regular file";
  } else if (!is_roots_alone(is)) {
    found.fault = "may be written by others than root";
  } else if (reader == read_by::workers && !can_workers_read(is)) {
    found.fault = "cannot be read by nginx's workers (chgrp www-data, chmod 640)";
  } else {
    found.stamp = stamp_of(is);
    if (reader == read_by::nginx) found.sets = find_directives(read_beginning(file.get()));
  }
  return found;
}

std::string name_of(const site::host& host) {
  return host.kind == site::host_kind::regex ? sha1_hex(host.text) : host.text;
}

host_file take(const host_files& files, const std::string& name) {
  const auto found = files.find(name);
  return found == files.end() ? host_file{} : found->second;
}

files_of_host take_all(const std::string& name, const host_files& vhost_d, const host_files& htpasswd) {
  return {.server = take(vhost_d, name),
          .location = take(vhost_d, name + std::string(k_location)),
          .passwords = take(htpasswd, name)};
}

std::string plain_key(std::string name) {
  return name.starts_with('.') || std::ranges::any_of(name, is_control) ? std::string() : name;
}

// key_of: what a file is to be found by, from its name; empty where it is no host's.
host_files list_folder(const std::string& folder, read_by reader, std::string (*key_of)(std::string)) {
  host_files found;
  const unique_fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened && errno == ENOENT) return found;
  if (!opened) throw_errno("open", folder);
  struct stat is {};
  if (::fstat(opened.get(), &is) != 0) throw_errno("stat", folder);
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto key = key_of(entry->path().filename().string());
    if (key.empty()) continue;
    auto file = judge(opened.get(), entry->path(), reader);
    if (!file) continue;
    if (!is_roots_alone(is)) file->fault = "lies in a folder that others than root may write to";
    const auto [place, is_new] = found.emplace(key, *file);
    if (!is_new) place->second.fault = "and " + file->path + " are one host's: only one may be there";
  }
  if (error) throw_errno(error.value(), "read", folder);
  return found;
}

}  // namespace

host_files list_host_files(const std::string& folder, read_by reader) {
  return list_folder(folder, reader, host_key);
}

host_files list_plain_files(const std::string& folder, read_by reader) {
  return list_folder(folder, reader, plain_key);
}

std::string read_file(host_files& files, const std::string& name) {
  const auto found = files.find(name);
  if (found == files.end() || !found->second.fault.empty()) return {};
  const unique_fd file(::open(found->second.path.c_str(), O_PATH | O_CLOEXEC));
  if (!file && errno == ENOENT) {
    files.erase(found);
    return {};
  }
  if (!file) throw_errno("open", found->second.path);
  return read_beginning(file.get());
}

files_of_host choose_files(const site::host& host, const host_files& vhost_d, const host_files& htpasswd) {
  if (vhost_d.empty() && htpasswd.empty()) return {};
  return take_all(name_of(host), vhost_d, htpasswd);
}

files_of_host choose_files(const site::host& host, const site::path& path, const host_files& vhost_d,
                           const host_files& htpasswd) {
  if (vhost_d.empty() && htpasswd.empty()) return {};
  auto files = take_all(name_of(host) + "_" + sha1_hex(site::show(path)), vhost_d, htpasswd);
  files.server = {};
  return files;
}

}  // namespace heberg::proxy
