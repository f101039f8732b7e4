// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tree/log_socket.h"

#include "base/errors.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace heberg::tree {
namespace {

constexpr char k_new_socket[] = ".sftp-log.new";
constexpr char k_new_link[] = ".log.new";
constexpr std::size_t k_datagram_max = 4096;  // sshd's are below 600 bytes
constexpr int k_at_a_time = 256;

// Removes a name that a crash may have left.
void make_room(int folder, const char* name) {
  if (::unlinkat(folder, name, 0) != 0 && errno != ENOENT) throw_errno("remove", name);
}

}  // namespace

log_socket::log_socket(int root) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (!fd_) throw_errno("make", "a socket");
  // Before it has a name: so that every datagram has its sender's IDs.
  const int on = 1;
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) throw_errno("set", "SO_PASSCRED");
  make_room(root, k_new_socket);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", root, k_new_socket);
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno("bind", k_log_socket);
  struct stat status {};
  if (::fchmodat(root, k_new_socket, 0666, 0) != 0 || ::fstatat(root, k_new_socket, &status, AT_SYMLINK_NOFOLLOW) != 0)
    throw_errno("chmod", k_log_socket);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  if (::renameat(root, k_new_socket, root, k_log_socket) != 0) throw_errno("rename", k_log_socket);
}

bool log_socket::is_in(int root) const {
  struct stat status {};
  return ::fstatat(root, k_log_socket, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_dev == device_ &&
         status.st_ino == inode_;
}

std::string log_socket::link_into(int root, int folder) const {
  struct stat status {};
  if (::fstatat(folder, k_log_socket_link, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (status.st_dev == device_ && status.st_ino == inode_) return {};
    if (!S_ISSOCK(status.st_mode)) return "is not a socket: SFTP is not logged";
  }
  if (::unlinkat(folder, k_new_link, 0) != 0 && errno != ENOENT)
    return std::string("cannot be made: ") + std::strerror(errno);
  if (::linkat(root, k_log_socket, folder, k_new_link, 0) != 0)
    return std::string("cannot be linked: ") + std::strerror(errno);
  if (::renameat(folder, k_new_link, folder, k_log_socket_link) != 0)
    return std::string("cannot be renamed: ") + std::strerror(errno);
  return {};
}

void log_socket::receive(const std::function<void(const datagram&)>& take) const {
  char text[k_datagram_max];
  for (int i = 0; i < k_at_a_time; ++i) {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
    iovec part{text, sizeof text};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
    take({sender.uid, sender.pid, {text, static_cast<std::size_t>(size)}});
  }
}

}  // namespace heberg::tree
