// SPDX-License-Identifier: LGPL-2.1-or-later
// One NSS source under glibc's own functions, for tests/bench/part_nss, which compares the sources. Each line of output
// is a measurement: "NAME VALUE", times in nanoseconds of processor time, so that what else the machine does is not in
// them; only the two threads are measured by the clock on the wall.
//
//   bench_nss prepare FOLDER COUNT [HASH]   the same accounts for every source: passwd, group, shadow,
//        passwd.cache and group.cache with their indexes, directory/
//   bench_nss measure SERVICE COUNT   lookups, enumeration, two threads, memory
//   bench_nss first SERVICE   one lookup, the first of this process
//   bench_nss time COMMAND…   what a command costs
#include "directory/writer.h"

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern "C" int __nss_configure_lookup(const char* database, const char* services);

namespace {

using heberg::directory::account;
using clock_type = std::chrono::steady_clock;

// This thread's processor time, in nanoseconds.
double now() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

constexpr std::uint32_t k_first_id = 100000;
// No password has it; of the length of Debian's default.
constexpr char k_hash[] = "$y$j9T$abcdefghijklmnopqrstu.$Yr8GLGTgHSFvBHaZdGvyJgEQCGmz/s2hYMbVU0HGdVC";

void report(const char* name, double value) {
  std::printf("%s %.0f\n", name, value);
}

std::string name_of(std::uint32_t index) {
  return "site_" + std::to_string(index + 1);
}

// --- prepare ---

std::vector<account> make_accounts(std::uint32_t count, const std::string& hash) {
  std::vector<account> out;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string name = name_of(i);
    out.push_back({name, k_first_id + i, "www." + name + ".example.org", "/sites/" + name, "/usr/sbin/nologin", hash});
  }
  return out;
}

void write_file(const std::string& path, const std::string& bytes, mode_t mode) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  if (::chmod(path.c_str(), mode) != 0) throw std::runtime_error("write " + path);
}

// nsscache's index: "KEY NUL OFFSET NUL … newline", all lines of one length, sorted by key.
void write_index(const std::string& path, std::vector<std::pair<std::string, std::size_t>> entries) {
  std::sort(entries.begin(), entries.end());
  std::size_t longest = 0;
  for (const auto& [key, offset] : entries) longest = std::max(longest, key.size());
  std::string bytes;
  for (const auto& [key, offset] : entries) {
    char digits[16];
    std::snprintf(digits, sizeof digits, "%08zu", offset);
    std::string line = key + '\0' + digits + '\0';
    line.resize(longest + 10, '\0');
    bytes += line + '\n';
  }
  write_file(path, bytes, 0644);
}

void prepare(const std::string& folder, std::uint32_t count, const std::string& hash) {
  std::string users;
  std::string groups;
  std::string shadows;
  std::vector<std::pair<std::string, std::size_t>> user_names;
  std::vector<std::pair<std::string, std::size_t>> user_ids;
  std::vector<std::pair<std::string, std::size_t>> group_names;
  std::vector<std::pair<std::string, std::size_t>> group_ids;
  const std::vector<account> accounts = make_accounts(count, hash);
  for (const account& a : accounts) {
    const std::string id = std::to_string(a.id);
    user_names.emplace_back(a.name, users.size());
    user_ids.emplace_back(id, users.size());
    group_names.emplace_back(a.name, groups.size());
    group_ids.emplace_back(id, groups.size());
    users += a.name + ":x:" + id + ":" + id + ":" + a.gecos + ":" + a.home + ":" + a.shell + "\n";
    groups += a.name + ":x:" + id + ":\n";
    shadows += a.name + ":" + a.hash + ":::::::\n";
  }
  std::filesystem::create_directories(folder);
  write_file(folder + "/passwd", users, 0644);
  write_file(folder + "/group", groups, 0644);
  write_file(folder + "/shadow", shadows, 0640);
  write_file(folder + "/passwd.cache", users, 0644);
  write_file(folder + "/group.cache", groups, 0644);
  write_index(folder + "/passwd.cache.ixname", user_names);
  write_index(folder + "/passwd.cache.ixuid", user_ids);
  write_index(folder + "/group.cache.ixname", group_names);
  write_index(folder + "/group.cache.ixgid", group_ids);
  const double begin = now();
  heberg::directory::publish(folder + "/directory", accounts, {0, 0, 42});
  report("publish", now() - begin);
}

// --- measure ---

// The best of several batches, in nanoseconds a call: what disturbs a batch only ever makes it longer.
double time_of(const std::function<void(std::size_t)>& call) {
  const auto batch = [&](std::size_t calls, std::size_t from) {
    const double begin = now();
    for (std::size_t i = 0; i < calls; ++i) call(from + i);
    return (now() - begin) / static_cast<double>(calls);
  };
  const double once = batch(1, 0);
  const auto calls = static_cast<std::size_t>(std::clamp(4e6 / std::max(once, 1.0), 4.0, 1000.0));  // some 4 ms a batch
  const std::size_t batches = once > 1e6 ? 2 : 15;
  double best = 1e18;
  for (std::size_t i = 0; i < batches; ++i) best = std::min(best, batch(calls, 1 + i * calls));
  return best;
}

void require(bool truth, const char* what) {
  if (!truth) throw std::runtime_error(std::string("a wrong answer: ") + what);
}

struct question {
  std::string name;
  std::uint32_t id;
};

std::vector<question> make_questions(std::uint32_t count) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): every source is asked the same
  std::vector<question> out;
  for (int i = 0; i < 4096; ++i) {
    const auto index = static_cast<std::uint32_t>(random() % count);
    out.push_back({name_of(index), k_first_id + index});
  }
  return out;
}

bool has_name(const char* name) {
  passwd out{};
  passwd* result = nullptr;
  char buffer[1024];
  return ::getpwnam_r(name, &out, buffer, sizeof buffer, &result) == 0 && result != nullptr;
}

bool has_id(uid_t id) {
  passwd out{};
  passwd* result = nullptr;
  char buffer[1024];
  return ::getpwuid_r(id, &out, buffer, sizeof buffer, &result) == 0 && result != nullptr;
}

double measure_enumeration(std::uint32_t count) {
  double best = 1e18;
  for (int i = 0; i < 5; ++i) {
    const double begin = now();
    std::uint32_t given = 0;
    ::setpwent();
    while (::getpwent() != nullptr) ++given;
    ::endpwent();
    require(given == count, "getpwent");
    best = std::min(best, (now() - begin) / count);
  }
  return best;
}

// Lookups a second by this many threads.
double measure_throughput(const std::vector<question>& questions, std::size_t thread_count) {
  constexpr auto k_duration = std::chrono::milliseconds(200);
  std::vector<std::thread> threads;
  std::vector<std::size_t> done(thread_count * 16, 0);  // a cache line each
  const auto end = clock_type::now() + k_duration;
  for (std::size_t t = 0; t < thread_count; ++t) {
    threads.emplace_back([&, t] {
      std::size_t n = 0;
      while (clock_type::now() < end) {
        for (int i = 0; i < 16; ++i) has_name(questions[(t * 1000 + n++) % questions.size()].name.c_str());
      }
      done[t * 16] = n;
    });
  }
  std::size_t sum = 0;
  for (std::size_t t = 0; t < thread_count; ++t) {
    threads[t].join();
    sum += done[t * 16];
  }
  return static_cast<double>(sum) / std::chrono::duration<double>(k_duration).count();
}

double best_throughput(const std::vector<question>& questions, std::size_t thread_count) {
  double best = 0;
  for (int i = 0; i < 3; ++i) best = std::max(best, measure_throughput(questions, thread_count));
  return best;
}

// A line of /proc/self/smaps_rollup, in bytes.
double memory_of(const char* field) {
  std::ifstream in("/proc/self/smaps_rollup");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(field)) return std::strtod(line.c_str() + std::strlen(field), nullptr) * 1024;
  }
  throw std::runtime_error("smaps_rollup");
}

void measure(std::uint32_t count) {
  const std::vector<question> questions = make_questions(count);
  const auto ask = [&](std::size_t i) -> const question& { return questions[i % questions.size()]; };
  for (std::size_t i = 0; i < 100; ++i) require(has_name(ask(i).name.c_str()) && has_id(ask(i).id), "hit");
  report("memory", memory_of("Rss:"));

  report("hit_name", time_of([&](std::size_t i) { require(has_name(ask(i).name.c_str()), "getpwnam"); }));
  report("hit_id", time_of([&](std::size_t i) { require(has_id(ask(i).id), "getpwuid"); }));
  report("miss_name", time_of([&](std::size_t i) { require(!has_name(("no_" + ask(i).name).c_str()), "getpwnam"); }));
  report("miss_id", time_of([&](std::size_t i) { require(!has_id(ask(i).id + 1000000), "getpwuid"); }));
  report("initgroups", time_of([&](std::size_t i) {
           gid_t groups[4];
           int size = 4;
           require(::getgrouplist(ask(i).name.c_str(), ask(i).id, groups, &size) == 1, "getgrouplist");
         }));
  report("enumerate", measure_enumeration(count));
  report("one_thread", best_throughput(questions, 1));
  report("two_threads", best_throughput(questions, 2));
}

void configure(const char* service) {
  for (const char* database : {"passwd", "group", "shadow", "initgroups"}) {
    if (__nss_configure_lookup(database, service) != 0) throw std::runtime_error("__nss_configure_lookup");
  }
}

void measure_first() {
  const double begin = now();
  const bool found = has_name("site_50");
  const double end = now();
  require(found, "getpwnam");
  report("first", end - begin);
}

void measure_command(char** command) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::freopen("/dev/null", "w", stdout) == nullptr) std::_Exit(1);
    ::execvp(command[0], command);
    ::_exit(127);
  }
  int status = 0;
  rusage used{};
  require(child > 0 && ::wait4(child, &status, 0, &used) == child && status == 0, command[0]);
  const auto nanoseconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_usec) * 1e3;
  };
  report("time", nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string mode = argc > 1 ? argv[1] : "";
    const auto count = argc > 3 ? static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)) : 0;
    if (mode == "prepare" && (argc == 4 || argc == 5)) {
      prepare(argv[2], count, argc == 5 ? argv[4] : k_hash);
    } else if (mode == "measure" && argc == 4) {
      configure(argv[2]);
      measure(count);
    } else if (mode == "first" && argc == 3) {
      configure(argv[2]);
      measure_first();
    } else if (mode == "time" && argc > 2) {
      measure_command(argv + 2);
    } else {
      std::fprintf(
          stderr,
          "usage: bench_nss prepare FOLDER COUNT [HASH] | measure SERVICE COUNT | first SERVICE | time COMMAND...\n");
      return 2;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_nss: %s\n", error.what());
    return 1;
  }
  return 0;
}
