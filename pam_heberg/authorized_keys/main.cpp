// SPDX-License-Identifier: LGPL-2.1-or-later
// authorized-keys ROOT SITE UID   Prints the keys of ROOT/SITE/.ssh/authorized_keys, for sshd:
//     AuthorizedKeysCommand /usr/lib/heberg/authorized-keys /sites %u %U
//     AuthorizedKeysCommandUser root
// sshd itself reads a key file in its privileged process, whole lines of any length, before anybody has logged in. This
// program becomes the site's user before it looks at anything of the site's. What it refuses it says to /dev/log as
// that user: heberg-syncd writes it into the site's logs/sftp.log. It always succeeds: sshd goes on with the
// sysadmin's file.
#include "pam_heberg/authorized_keys/key_file.h"
#include "pam_heberg/authorized_keys/key_lines.h"
#include "base/names.h"
#include "base/unique_fd.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

using namespace heberg;
using namespace heberg::owner_keys;

namespace {

constexpr unsigned k_seconds_max = 10;

// 0 where the text is no UID of a site.
std::uint32_t parse_uid(const char* text) {
  std::uint64_t number = 0;
  for (const char* at = text; *at != '\0'; ++at) {
    if (*at < '0' || *at > '9' || number > k_id_invalid) return 0;
    number = number * 10 + static_cast<std::uint64_t>(*at - '0');
  }
  return number < k_id_invalid && is_site_id(static_cast<std::uint32_t>(number)) ? static_cast<std::uint32_t>(number)
                                                                                 : 0;
}

unique_fd connect_log() {
  unique_fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, "/dev/log", sizeof "/dev/log");
  if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

// As no one else for good; run by the site's user (a test), nothing is to be done.
bool become(std::uint32_t uid) {
  if (::geteuid() != 0) return ::geteuid() == uid;
  return ::setgroups(0, nullptr) == 0 && ::setresgid(uid, uid, uid) == 0 && ::setresuid(uid, uid, uid) == 0;
}

// format as printf(3)'s.
__attribute__((format(printf, 2, 3))) void say(int log, const char* format, ...) {
  char text[512];
  va_list parts;
  va_start(parts, format);
  const int size = std::vsnprintf(text, sizeof text, format, parts);
  va_end(parts);
  if (log >= 0 && size > 0) (void)::send(log, text, std::strlen(text), MSG_NOSIGNAL);
}

void write_all(const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto written = ::write(STDOUT_FILENO, bytes, size);
    if (written <= 0) return;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto uid = argc == 4 ? parse_uid(argv[3]) : 0;
  if (uid == 0 || argv[1][0] != '/' || !is_site_name(argv[2])) {
    std::fputs("usage: authorized-keys ROOT SITE UID, as sshd's AuthorizedKeysCommand\n", stderr);
    return 0;  // root, say, has no keys here
  }
  ::alarm(k_seconds_max);
  const auto log = connect_log();
  if (!become(uid)) {
    std::fprintf(stderr, "authorized-keys: cannot become UID %u: no key of the site is used\n", uid);
    return 0;
  }
  char text[k_file_max];
  char keys[k_file_max + 1];
  const auto read = read_key_file(argv[1], argv[2], uid, text);
  if (*read.refused != '\0') {
    const char* reason = read.error != 0 ? ::strerrordesc_np(read.error) : nullptr;
    say(log.get(), "<36>authorized-keys: .ssh/authorized_keys %s%s%s: no key of it is used", read.refused,
        reason != nullptr ? ": " : "", reason != nullptr ? reason : "");
    return 0;
  }
  const auto taken = take_keys({text, read.size}, keys);
  if (taken.left_out > 0) {
    say(log.get(), "<36>authorized-keys: .ssh/authorized_keys: %u lines are not used; the first, line %u, %s",
        taken.left_out, taken.first, taken.reason);
  }
  write_all(keys, taken.size);
  return 0;
}
