// SPDX-License-Identifier: LGPL-2.1-or-later
// syncd with many sites: the time from its start to a published directory of all of them, and from one more container
// to its account. The engine is a fake one, in a thread of its own; what it used of the processor is printed beside. As
// root, in a folder of its own: bench_sync FOLDER [COUNT]
#include "support/fake_engine.h"
#include "syncd/daemon.h"
#include "syncd/heap.h"
#include "syncd/keeper.h"

#include <boost/asio/io_context.hpp>

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace heberg;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

// What this thread, the daemon's loop, has used of the processor.
clock::duration cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

double milliseconds(clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

class bench {
 public:
  bench(const std::string& folder, std::size_t count) : count_(count), engine_(folder + "/docker.sock") {
    config_.state_dir = folder + "/state";
    config_.docker.host = engine_.host();
    config_.sites.root = folder + "/sites";
    options_.parts.directory_owners = syncd::real_directory_owners();
    options_.parts.trusted_path = folder;
    options_.parts.log = [](level, std::string_view) {};
    for (std::size_t i = 1; i <= count; ++i) engine_.add_silently(make_site("site_" + std::to_string(i)));
  }

  void measure(const char* what) {
    const auto cpu_before = engine_.cpu_time();
    const auto own_before = cpu_time();
    const auto begin = clock::now();
    boost::asio::io_context io{1};
    syncd::daemon daemon(io, config_, options_);
    daemon.start();
    run_until(io, [&] {
      return daemon.state().is_in_touch() && daemon.state().count_accounts() == count_ &&
             !daemon.state().has_unpublished();
    });
    const auto published = clock::now();
    const auto own_cpu = cpu_time() - own_before;
    const auto engine_cpu = engine_.cpu_time() - cpu_before;
    run_until(io, [&] { return std::filesystem::exists(config_.sites.root + "/" + last_name() + "/.heberg"); });
    const auto trees = clock::now();
    std::printf("%s published_ms %.0f engine_cpu_ms %.0f own_cpu_ms %.0f trees_ms %.0f\n", what,
                milliseconds(published - begin), milliseconds(engine_cpu), milliseconds(own_cpu),
                milliseconds(trees - begin));

    std::vector<double> times, cpu_times;
    for (int i = 0; i < 21; ++i) {
      // What the start left over (watches, hashes) goes on beside, as it does in life.
      const auto quiet = clock::now() + 300ms;
      run_until(io, [&] { return clock::now() >= quiet; });
      const auto name = "more_" + std::string(what) + std::to_string(i);
      const auto before = clock::now();
      const auto cpu_before_one = cpu_time();
      engine_.add(make_site(name));
      ++count_;
      run_until(io, [&] {
        return daemon.state().count_accounts() == count_ && !daemon.state().sites().at(name).name.empty() &&
               !daemon.state().has_unpublished();
      });
      times.push_back(milliseconds(clock::now() - before));
      cpu_times.push_back(milliseconds(cpu_time() - cpu_before_one));
    }
    std::sort(times.begin(), times.end());
    std::sort(cpu_times.begin(), cpu_times.end());
    std::printf("%s one_more_ms median %.1f worst %.1f own_cpu_median %.1f\n", what, times[times.size() / 2],
                times.back(), cpu_times[cpu_times.size() / 2]);
    daemon.stop();
    io.restart();
    io.run_for(5s);
  }

 private:
  test::fake_container make_site(const std::string& name) const {
    return test::make_container(name, name + ".test", config_.sites.root + "/" + name + "/www");
  }

  // Trees are made in the order of names.
  std::string last_name() const {
    std::string last;
    for (std::size_t i = 1; i <= count_; ++i) last = std::max(last, "site_" + std::to_string(i));
    return last;
  }

  static void run_until(boost::asio::io_context& io, const std::function<bool()>& holds) {
    const auto end = clock::now() + 120s;
    while (!holds()) {
      if (clock::now() > end) throw std::runtime_error("not done within two minutes");
      io.restart();
      io.run_one_for(5ms);
    }
  }

  std::size_t count_;
  test::fake_engine engine_;
  heberg::settings config_;
  syncd::daemon_options options_;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::fputs("usage: bench_sync FOLDER [COUNT]\n", stderr);
    return 2;
  }
  heberg::syncd::keep_freed_memory();  // as main does
  bench bench(argv[1], argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 10'000);
  bench.measure("first");  // nothing is there: UIDs, rows and trees are made
  bench.measure("again");  // all is there
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_sync: %s\n", error.what());
  return 1;
}
