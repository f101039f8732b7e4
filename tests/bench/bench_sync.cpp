// SPDX-License-Identifier: LGPL-2.1-or-later
// syncd with many sites: the time from its start to a published directory of all of them, and from one more container
// to its account, as a reader of the directory sees them. The engine is a fake one, in a process of its own; what it
// used of the processor is printed beside. As root, in a folder of its own: bench_sync FOLDER FAKE_ENGINE COUNT
#include "directory/reader.h"
#include "syncd/accounts/account_manager.h"
#include "syncd/daemon.h"
#include "syncd/heap.h"

#include <boost/asio/io_context.hpp>

#include <sys/inotify.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
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

bool is_published(const std::string& path, const std::string& name) {
  directory::record_buffer buffer;
  directory::account_entry entry;
  const directory::source from{path.c_str(), 0, directory::file_kind::accounts};
  return directory::find_account(from, name.c_str(), buffer, entry) == directory::status::found;
}

// The program fake_engine; its commands are in tests/support/fake_engine_main.cpp.
class engine_program {
 public:
  engine_program(const std::string& program, const std::string& socket, std::size_t count, const std::string& root) {
    int orders[2], answers[2];
    if (::pipe(orders) != 0 || ::pipe(answers) != 0) throw std::runtime_error("pipe");
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(orders[0], 0);
      ::dup2(answers[1], 1);
      for (const int end : {orders[0], orders[1], answers[0], answers[1]}) ::close(end);
      ::execl(program.c_str(), program.c_str(), socket.c_str(), std::to_string(count).c_str(), root.c_str(), nullptr);
      std::perror(program.c_str());
      std::_Exit(1);
    }
    ::close(orders[0]);
    ::close(answers[1]);
    orders_ = ::fdopen(orders[1], "w");
    answers_ = ::fdopen(answers[0], "r");
    (void)read_line();  // "ready"
  }
  engine_program(const engine_program&) = delete;
  engine_program& operator=(const engine_program&) = delete;
  ~engine_program() {
    std::fclose(orders_);  // it ends with its input
    std::fclose(answers_);
    ::waitpid(child_, nullptr, 0);
  }

  void send(const std::string& line) {
    std::fprintf(orders_, "%s\n", line.c_str());
    std::fflush(orders_);
  }
  long cpu_ms() {
    send("count");
    const auto line = read_line();
    return std::atol(line.c_str() + line.find("cpu_ms=") + 7);
  }

 private:
  std::string read_line() {
    char line[512];
    if (std::fgets(line, sizeof line, answers_) == nullptr) throw std::runtime_error("the fake engine ended");
    return line;
  }

  pid_t child_ = -1;
  std::FILE* orders_ = nullptr;
  std::FILE* answers_ = nullptr;
};

// Sees an account as any other process does: a thread that sleeps until the directory is renamed into place.
class reader_beside {
 public:
  explicit reader_beside(std::string folder) : path_(folder + "/accounts.cdb"), inotify_(::inotify_init1(IN_CLOEXEC)) {
    if (::inotify_add_watch(inotify_, folder.c_str(), IN_MOVED_TO) < 0) throw std::runtime_error("inotify");
    thread_ = std::thread([this] { watch(); });
  }
  reader_beside(const reader_beside&) = delete;
  reader_beside& operator=(const reader_beside&) = delete;
  ~reader_beside() {
    ending_ = true;
    std::filesystem::rename(path_, path_ + ".x");  // wakes it
    std::filesystem::rename(path_ + ".x", path_);
    thread_.join();
    ::close(inotify_);
  }

  void look_for(const std::string& name) {
    const std::lock_guard lock(mutex_);
    name_ = name;
    seen_.reset();
  }
  std::optional<clock::time_point> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void watch() {
    alignas(inotify_event) char events[4096];
    while (::read(inotify_, events, sizeof events) > 0 && !ending_) {
      const auto now = clock::now();
      const std::lock_guard lock(mutex_);
      if (!seen_ && is_published(path_, name_)) seen_ = now;
    }
  }

  const std::string path_;
  const int inotify_;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::string name_;
  std::optional<clock::time_point> seen_;
  std::thread thread_;
};

class bench {
 public:
  bench(const std::string& folder, const std::string& program, std::size_t count)
      : count_(count), engine_(program, folder + "/docker.sock", count, folder + "/sites") {
    config_.state_dir = folder + "/state";
    config_.docker.host = "unix://" + folder + "/docker.sock";
    config_.sites.root = folder + "/sites";
    options_.parts.directory_owners = syncd::real_directory_owners();
    options_.parts.trusted_path = folder;
    options_.parts.log = [](level, std::string_view) {};
  }

  // Without their hashes, which take a twentieth of a second each: what a new site waits for is not they.
  void measure(const char* what) {
    const auto cpu_before = engine_.cpu_ms();
    const auto own_before = cpu_time();
    const auto begin = clock::now();
    boost::asio::io_context io{1};
    syncd::daemon daemon(io, config_, options_);
    daemon.start();
    run_until(io, [&] {
      return daemon.state().is_in_touch() && daemon.state().count_accounts() == count_ &&
             is_published(accounts_path(), last_name());
    });
    const auto published = clock::now();
    const auto own_cpu = cpu_time() - own_before;
    const auto engine_cpu = engine_.cpu_ms() - cpu_before;
    run_until(io, [&] { return std::filesystem::exists(config_.sites.root + "/" + last_name() + "/.heberg"); });
    const auto trees = clock::now();
    std::printf("%s published_ms %.0f engine_cpu_ms %ld own_cpu_ms %.0f trees_ms %.0f\n", what,
                milliseconds(published - begin), engine_cpu, milliseconds(own_cpu), milliseconds(trees - begin));
    std::fflush(stdout);

    reader_beside reader(config_.state_dir + "/directory");
    std::vector<double> times, cpu_times;
    for (int i = 0; i < 21; ++i) {
      // What the start left over (watches, hashes) runs beside, as it does in production.
      const auto quiet = clock::now() + 300ms;
      run_until(io, [&] { return clock::now() >= quiet; });
      const auto name = "more_" + std::string(what) + std::to_string(i);
      reader.look_for(name);
      const auto before = clock::now();
      const auto cpu_before_one = cpu_time();
      engine_.send("add " + name);
      ++count_;
      run_until(io, [&] { return reader.seen().has_value(); });
      times.push_back(milliseconds(*reader.seen() - before));
      cpu_times.push_back(milliseconds(cpu_time() - cpu_before_one));
    }
    std::sort(times.begin(), times.end());
    std::sort(cpu_times.begin(), cpu_times.end());
    std::printf("%s one_more_ms median %.1f worst %.1f own_cpu_median %.1f\n", what, times[times.size() / 2],
                times.back(), cpu_times[cpu_times.size() / 2]);
    std::fflush(stdout);
    daemon.stop();
    io.restart();
    io.run_for(5s);
  }

 private:
  std::string accounts_path() const { return config_.state_dir + "/directory/accounts.cdb"; }

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
  engine_program engine_;
  heberg::settings config_;
  syncd::daemon_options options_;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fputs("usage: bench_sync FOLDER FAKE_ENGINE COUNT\n", stderr);
    return 2;
  }
  heberg::syncd::keep_freed_memory();  // as main does
  bench bench(argv[1], argv[2], static_cast<std::size_t>(std::atoi(argv[3])));
  bench.measure("first");  // nothing is there: UIDs, rows and trees are made
  bench.measure("again");  // all is there
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_sync: %s\n", error.what());
  return 1;
}
