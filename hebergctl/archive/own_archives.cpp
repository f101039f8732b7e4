// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/archive/own_archives.h"

#include "base/atomic_file.h"
#include "base/errors.h"
#include "digest/sha256.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace heberg::ctl {
namespace {

constexpr char k_file[] = "archives.known";
constexpr std::size_t k_digest = 64;  // characters
constexpr std::size_t k_file_max =
    1U << 20U;  // bytes: some sixteen thousand archives; then the older half is forgotten

unique_fd open_folder(const settings& settings) {
  unique_fd folder(::open(settings.state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw_errno("open", settings.state_dir);
  return folder;
}

// Empty where there is none.
std::string read_record(int folder) {
  std::string text;
  const unique_fd file(::openat(folder, k_file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return text;
  if (!file) throw_errno("open", k_file);
  std::array<char, 1U << 14U> block{};
  while (text.size() <= 2 * k_file_max) {
    const auto size = ::read(file.get(), block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw_errno("read", k_file);
    if (size == 0) break;
    text.append(block.data(), static_cast<std::size_t>(size));
  }
  return text;
}

// Lines of one length: a digest and a newline. Anything else is no record of ours.
bool has_line(std::string_view text, std::string_view digest) {
  for (std::size_t at = 0; at + k_digest < text.size(); at += k_digest + 1) {
    if (text.substr(at, k_digest) == digest && text[at + k_digest] == '\n') return true;
  }
  return false;
}

}  // namespace

std::string digest_of(const archive::contents& known) {
  sha256 digest;
  // Not the head's text: it names the version of heberg that writes it.
  const auto add = [&digest](std::string_view field) {
    digest.add(std::to_string(field.size()) + " ");
    digest.add(field);
  };
  const auto& about = known.about;
  add(about.site);
  add(std::to_string(about.uid));
  add(about.is_locked ? "locked" : "open");
  add(about.lock_reason);
  add(about.specification);
  for (const auto& name : about.certificates) add(name);
  add(archive::to_text(known.files));
  return to_hex(digest.finish());
}

void remember_archive(const settings& settings, const archive::contents& made) {
  const auto folder = open_folder(settings);
  auto text = read_record(folder.get());
  const auto digest = digest_of(made);
  if (has_line(text, digest)) return;
  text.resize(text.size() / (k_digest + 1) * (k_digest + 1));  // a last line that was cut short
  if (text.size() > k_file_max) text.erase(0, text.size() / (k_digest + 1) / 2 * (k_digest + 1));
  text += digest + "\n";
  atomic_file file;
  int error = file.open(folder.get(), k_file, 0600, ::geteuid(), ::getegid());
  if (error == 0) error = file.write(text);
  if (error == 0) error = file.commit();
  if (error != 0) throw_errno(error, "write", settings.state_dir + "/" + k_file);
}

bool is_own_archive(const settings& settings, const archive::contents& known) {
  try {
    return has_line(read_record(open_folder(settings).get()), digest_of(known));
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace heberg::ctl
