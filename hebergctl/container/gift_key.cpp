// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/container/gift_key.h"

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/random_hex.h"
#include "base/unique_fd.h"
#include "site/host_gift.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

namespace heberg::ctl {
namespace {

constexpr char k_name[] = "key";

// Empty: there is none.
std::string read_key(int folder, const std::string& path) {
  const unique_fd file(::openat(folder, k_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file && errno == ENOENT) return {};
  if (!file) throw_errno("open", path);
  std::string text(site::k_gift_key_size, 0);
  const auto count = ::read(file.get(), text.data(), text.size());
  if (count < 0) throw_errno("read", path);
  if (static_cast<std::size_t>(count) != text.size())
    throw std::runtime_error(path + " is not a key: remove it, and hebergctl create makes another one");
  return text;
}

}  // namespace

std::string load_gift_key(const std::string& state_dir) {
  const auto folder_path = state_dir + "/gifts";
  const auto path = folder_path + "/" + k_name;
  if (::mkdir(folder_path.c_str(), 0755) != 0 && errno != EEXIST) throw_errno("mkdir", folder_path);
  const unique_fd folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) throw_errno("open", folder_path);
  if (auto known = read_key(folder.get(), path); !known.empty()) return known;
  atomic_file made;
  const auto check = [&path](int error) {
    if (error != 0) throw_errno(error, "write", path);
  };
  check(made.open(folder.get(), k_name, 0600, ::geteuid(), ::getegid()));
  check(made.write(random_hex(site::k_gift_key_size / 2)));
  if (const int error = made.commit_new(); error != 0 && error != EEXIST) check(error);  // another run was quicker
  return read_key(folder.get(), path);
}

}  // namespace heberg::ctl
