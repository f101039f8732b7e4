// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/log_archive.h"

#include "base/beneath.h"
#include "base/list_folder.h"
#include "syncd/logs/log_file.h"
#include "syncd/logs/log_rotation.h"
#include "tree/layout.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

namespace heberg::syncd {
namespace {

constexpr std::size_t k_block = 64 << 10;
constexpr char k_temporary[] = ".compressing.tmp";
constexpr std::string_view k_suffix = ".gz";
constexpr std::string_view k_kept_by_age = "sftp.log";

struct archived {
  std::string name;
  std::string log;  // which it was
  std::uint64_t size = 0;
  [[nodiscard]] bool is_compressed() const { return name.ends_with(k_suffix); }
  // "access.log-20261124-173000" and a number after it, for the order within one second.
  [[nodiscard]] std::pair<std::string_view, int> age() const {
    const auto date = std::string_view(name).substr(log.size(), 16);
    const auto rest = name.substr(log.size() + 16);
    return {date, rest.starts_with('.') ? std::atoi(rest.c_str() + 1) : 0};
  }
};

std::vector<archived> list_archived(int folder) {
  std::vector<archived> found;
  const auto entries = list_folder(folder);
  if (entries == nullptr) return found;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    for (const auto log : k_archived_logs) {
      if (!is_rotated(name, log)) continue;
      struct stat status {};
      if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) continue;
      found.push_back({name, std::string(log), static_cast<std::uint64_t>(status.st_size)});
    }
  }
  // The newest first.
  std::ranges::sort(found, [](const auto& a, const auto& b) { return b.age() < a.age(); });
  return found;
}

class gzip_writer {
 public:
  explicit gzip_writer(int file) : stream_(::gzdopen(::dup(file), "wb6")) {}
  gzip_writer(const gzip_writer&) = delete;
  gzip_writer& operator=(const gzip_writer&) = delete;
  ~gzip_writer() {
    if (stream_ != nullptr) ::gzclose(stream_);
  }
  [[nodiscard]] bool write(const char* bytes, std::size_t size) {
    return stream_ != nullptr && std::cmp_equal(::gzwrite(stream_, bytes, static_cast<unsigned>(size)), size);
  }
  [[nodiscard]] bool finish() { return stream_ != nullptr && ::gzclose(std::exchange(stream_, nullptr)) == Z_OK; }

 private:
  gzFile stream_;
};

bool copy_compressed(int from, int to) {
  gzip_writer out(to);
  char block[k_block];
  for (std::int64_t at = 0;;) {
    const auto size = ::pread(from, block, sizeof block, at);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    if (size == 0) return out.finish();
    if (!out.write(block, static_cast<std::size_t>(size))) return false;
    at += size;
  }
}

// 0 or an errno value. Its owner, mode and time are the plain one's.
int compress(int folder, const std::string& name, tree::ownership& owners) {
  struct stat status {};
  std::string problem;
  const auto from = open_judged(folder, name.c_str(), status, problem);
  if (!from) return problem.empty() ? ENOENT : EPERM;
  ::unlinkat(folder, k_temporary, 0);
  const auto to = open_beneath(folder, k_temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!to) return errno;
  const auto fail = [&](int error) {
    ::unlinkat(folder, k_temporary, 0);
    return error == 0 ? EIO : error;
  };
  errno = 0;
  if (!copy_compressed(from.get(), to.get())) return fail(errno);
  if (const int error = owners.change(to.get(), owners.of(status)); error != 0) return fail(error);
  const timespec times[2] = {status.st_atim, status.st_mtim};
  if (::fchmod(to.get(), status.st_mode & 0777) != 0 || ::futimens(to.get(), times) != 0 || ::fsync(to.get()) != 0)
    return fail(errno);
  // A compressed one of that name is of a run that was interrupted just before its last step: of the same bytes.
  if (::renameat(folder, k_temporary, folder, (name + std::string(k_suffix)).c_str()) != 0) return fail(errno);
  ::fsync(folder);
  ::unlinkat(folder, name.c_str(), 0);
  return 0;
}

// files: the newest first.
std::vector<archived> choose_too_old_or_large(const std::vector<archived>& files, const archive_rules& rules,
                                              std::time_t now) {
  struct day {
    std::uint64_t size = 0;
    std::vector<archived> files;
  };
  const auto oldest = rotated_name(k_kept_by_age, now - static_cast<std::time_t>(rules.sftp_keep_for.count()));
  std::vector<archived> chosen;
  std::map<std::string, day> days;
  std::uint64_t total = 0;
  for (const auto& file : files) {
    if (file.name < oldest) {
      chosen.push_back(file);
      continue;
    }
    total += file.size;
    auto& of = days[file.name.substr(0, k_kept_by_age.size() + 9)];
    of.size += file.size;
    of.files.push_back(file);
  }
  while (total > rules.sftp_max_total) {
    auto& of = std::ranges::max_element(days, {}, [](const auto& one) { return one.second.size; })->second;
    const auto middle = of.files.begin() + static_cast<std::ptrdiff_t>(of.files.size() / 2);
    total -= middle->size;
    of.size -= middle->size;
    chosen.push_back(*middle);
    of.files.erase(middle);
  }
  return chosen;
}

}  // namespace

std::vector<std::string> tidy_logs(int root, const std::string& site, const archive_rules& rules,
                                   tree::ownership& owners, std::time_t now) {
  std::vector<std::string> problems;
  const auto folder =
      open_beneath(root, (site + "/" + tree::k_logs_folder).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!folder) return problems;  // the writer reports it
  if (rules.compress) {
    for (const auto& file : list_archived(folder.get())) {
      if (file.is_compressed()) continue;
      if (const int error = compress(folder.get(), file.name, owners); error != 0)
        problems.push_back(site + ": " + file.name + " cannot be compressed: " + std::strerror(error));
    }
  }
  std::uint64_t total = 0;
  std::map<std::string, std::uint32_t> count;
  std::vector<archived> by_age;
  const auto remove = [&](const archived& file) {
    if (::unlinkat(folder.get(), file.name.c_str(), 0) != 0 && errno != ENOENT)
      problems.push_back(site + ": " + file.name + " cannot be removed: " + std::strerror(errno));
  };
  for (auto& file : list_archived(folder.get())) {
    if (file.log == k_kept_by_age) {
      by_age.push_back(std::move(file));
      continue;
    }
    total += file.size;
    if (++count[file.log] <= rules.keep && total <= rules.max_total) continue;
    total -= file.size;
    remove(file);
  }
  for (const auto& file : choose_too_old_or_large(by_age, rules, now)) remove(file);
  return problems;
}

log_archive::log_archive(archive_rules rules, std::shared_ptr<tree::ownership> owners,
                         std::function<void(level, std::string_view)> log)
    : rules_(rules), owners_(std::move(owners)), log_(std::move(log)), thread_([this] { work(); }) {}

log_archive::~log_archive() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void log_archive::push(int root, const std::string& site) {
  auto copy = std::make_shared<const unique_fd>(::fcntl(root, F_DUPFD_CLOEXEC, 0));
  if (!*copy) return;  // the next rotation tells again
  {
    const std::lock_guard lock(mutex_);
    root_ = std::move(copy);
    sites_.insert(site);
  }
  changed_.notify_one();
}

void log_archive::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !sites_.empty(); });
    if (ending_) return;
    const auto next = sites_.upper_bound(last_);
    const auto site = sites_.extract(next != sites_.end() ? next : sites_.begin()).value();
    last_ = site;
    const auto root = root_;
    lock.unlock();
    for (const auto& problem : tidy_logs(root->get(), site, rules_, *owners_)) log_(level::warning, problem);
    lock.lock();
  }
}

}  // namespace heberg::syncd
