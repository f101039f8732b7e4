// SPDX-License-Identifier: LGPL-2.1-or-later
// The log forwarder alone, without a daemon around it. Prints "WHAT name value ...".
//   bench_logs engine HOST CONTAINER FOLDER BYTES   a real engine's container, until access.log has so many bytes
//   bench_logs many FOLDER COUNT                    so many fake containers: quiet, then writing all at once
#include "support/fake_engine.h"
#include "syncd/logs/forwarder.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace heberg;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

constexpr int k_rounds = 20;
constexpr int k_lines = 50;  // of a container in a round
constexpr std::size_t k_line = 100;

double seconds(clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(used.ru_utime) + of(used.ru_stime);
}

double memory_kb() {
  std::ifstream file("/proc/self/statm");
  long pages = 0, resident = 0;
  file >> pages >> resident;
  return static_cast<double>(resident * ::sysconf(_SC_PAGESIZE)) / 1024;
}

settings make_settings(const std::string& host, const std::string& folder) {
  settings config;
  config.docker.host = host;
  config.state_dir = folder + "/state";
  config.sites.root = folder + "/sites";
  config.logs.max_size = 1'000'000'000'000;
  return config;
}

syncd::forwarder_parts make_parts(const std::string& folder) {
  const auto owners = std::make_shared<tree::ownership>();
  const auto log = [](level, std::string_view text) { std::fprintf(stderr, "%s\n", std::string(text).c_str()); };
  return {owners, folder, log, std::make_shared<syncd::log_archive>(syncd::archive_rules(), owners, log)};
}

std::uint64_t size_of(const fs::path& path) {
  std::error_code none;
  const auto size = fs::file_size(path, none);
  return none ? 0 : size;
}

template <class condition>
void wait_until(condition holds) {
  const auto end = clock::now() + 300s;
  while (!holds()) {
    if (clock::now() > end) throw std::runtime_error("not done within five minutes");
    std::this_thread::sleep_for(2ms);
  }
}

void measure_engine(const std::string& host, const std::string& container, const std::string& folder,
                    std::uint64_t bytes) {
  fs::create_directories(folder + "/sites/site/logs");
  const auto begin = clock::now();
  const auto cpu = cpu_seconds();
  syncd::forwarder forwarder(make_settings(host, folder), make_parts(folder));
  forwarder.follow({{.id = container, .site = "site", .group = 0, .tty = false, .is_up = false}});
  wait_until([&] { return size_of(folder + "/sites/site/logs/access.log") >= bytes; });
  const auto written = clock::now();
  forwarder.stop();
  std::printf("engine seconds %.3f cpu %.3f sync %.3f\n", seconds(written - begin), cpu_seconds() - cpu,
              seconds(clock::now() - written));
}

// In a process of its own: its memory and its processor are not the forwarder's.
int run_engine(const std::string& folder, int count, int orders, int answers) {
  test::fake_engine engine(folder + "/docker.sock");
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    names.push_back("site_" + std::to_string(i));
    const auto id = engine.add_silently(test::make_container(names.back(), names.back() + ".test", "/sites/x/www"));
    if (::write(answers, id.data(), id.size()) != static_cast<ssize_t>(id.size())) return 1;
  }
  char order = 0;
  std::int64_t stamp = 1'795'540'673'000'000'000;
  const std::string line = std::string(k_line - 1, 'x') + "\n";
  while (::read(orders, &order, 1) == 1) {
    for (const auto& name : names) {
      engine.change_log(name, [&](test::fake_log& log) {
        for (int i = 0; i < k_lines; ++i) log.entries.push_back({1, ++stamp, line});
      });
    }
  }
  return 0;
}

void measure_many(const std::string& folder, int count) {
  int orders[2], answers[2];
  if (::pipe(orders) != 0 || ::pipe(answers) != 0) throw std::runtime_error("pipe");
  const auto child = ::fork();
  if (child == 0) {
    ::close(orders[1]);
    std::_Exit(run_engine(folder, count, orders[0], answers[1]));
  }
  ::close(orders[0]);
  std::vector<syncd::followed_container> all;
  for (int i = 0; i < count; ++i) {
    std::string id(64, '\0');
    for (std::size_t got = 0; got < id.size();) {
      const auto size = ::read(answers[0], id.data() + got, id.size() - got);
      if (size <= 0) throw std::runtime_error("the fake engine ended");
      got += static_cast<std::size_t>(size);
    }
    const auto site = "site_" + std::to_string(i);
    fs::create_directories(folder + "/sites/" + site + "/logs");
    all.push_back({.id = id, .site = site, .group = 0, .tty = false, .is_up = true});
  }
  const auto path = [&](int i) { return folder + "/sites/site_" + std::to_string(i) + "/logs/access.log"; };
  const auto all_have = [&](std::uint64_t bytes) {
    for (int i = 0; i < count; ++i) {
      if (size_of(path(i)) < bytes) return false;
    }
    return true;
  };
  syncd::forwarder forwarder(make_settings("unix://" + folder + "/docker.sock", folder), make_parts(folder));
  const auto before = memory_kb();
  forwarder.follow(all);
  std::this_thread::sleep_for(5s);  // all are asked, and their wake-up connections are open
  const auto quiet = memory_kb();
  const auto begin = clock::now();
  const auto cpu = cpu_seconds();
  double most = quiet;
  for (int round = 1; round <= k_rounds; ++round) {
    if (::write(orders[1], "x", 1) != 1) throw std::runtime_error("the fake engine ended");
    most = std::max(most, memory_kb());
  }
  const auto bytes = static_cast<std::uint64_t>(k_rounds) * k_lines * k_line;
  wait_until([&] {
    most = std::max(most, memory_kb());
    return all_have(bytes);
  });
  const auto took = seconds(clock::now() - begin);
  const auto used = cpu_seconds() - cpu;
  std::printf("many containers %d quiet_kb %.1f busy_kb %.1f lines %d seconds %.3f cpu %.3f mb %.1f\n", count,
              (quiet - before) / count, (most - before) / count, count * k_rounds * k_lines, took, used,
              static_cast<double>(bytes) * count / 1e6);
  forwarder.stop();
  ::close(orders[1]);
  ::waitpid(child, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) try {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "engine" && argc == 6) {
    measure_engine(argv[2], argv[3], argv[4], std::strtoull(argv[5], nullptr, 10));
  } else if (what == "many" && argc == 4) {
    measure_many(argv[2], std::atoi(argv[3]));
  } else {
    std::fputs("usage: bench_logs engine HOST CONTAINER FOLDER BYTES | many FOLDER COUNT\n", stderr);
    return 2;
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_logs: %s\n", error.what());
  return 1;
}
