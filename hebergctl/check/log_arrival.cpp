// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/check/log_arrival.h"

#include "base/beneath.h"
#include "log_positions/streams.h"
#include "tree/layout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace heberg::ctl {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto k_timeout = 3s;
constexpr auto k_pause = 100ms;

// The end of the site's access.log, read as root reads below a tree.
std::string read_end_of_access_log(int root, const std::string& site) {
  constexpr off_t k_most = 256 * 1024;
  const auto path = site + "/" + tree::k_logs_folder + "/access.log";
  const unique_fd file = open_beneath(root, path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  std::string text(static_cast<std::size_t>(std::min<off_t>(status.st_size, k_most)), '\0');
  const auto size = ::pread(file.get(), text.data(), text.size(), status.st_size - static_cast<off_t>(text.size()));
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

}  // namespace

void log_arrival::expect_request(std::size_t index, const site_facts& site, std::string name, std::string token) {
  requests_.push_back({index, site.addresses.size() - 1, std::move(name), std::move(token)});
}

void log_arrival::expect_last_lines(std::size_t index, site_facts& site) {
  for (const auto& container : site.containers) {
    if (!container.inspected) continue;
    auto log = fetch_last_lines(settings_.docker.host, container.id, container.tty);
    if (log.problem.empty() && !log.last) continue;
    site.logs.push_back({.container = container.name, .problem = std::move(log.problem)});
    if (log.last) lines_.push_back({index, site.logs.size() - 1, container.id, *log.last});
  }
}

void log_arrival::wait_for_requests(int root, std::vector<site_facts>& sites) {
  const auto end = clock::now() + k_timeout;
  const auto address_of = [&](const expected_request& request) -> address_answer& {
    return sites[request.in_sites].addresses[request.in_addresses];
  };
  for (;;) {
    std::erase_if(requests_, [&](const expected_request& request) {
      if (read_end_of_access_log(root, request.site).find(request.token) == std::string::npos) return false;
      address_of(request).is_in_its_log = true;
      return true;
    });
    if (requests_.empty() || clock::now() > end) break;
    std::this_thread::sleep_for(k_pause);
  }
  for (const auto& request : requests_) address_of(request).is_in_its_log = false;
}

void log_arrival::wait_for_last_lines(int root, std::vector<site_facts>& sites) {
  const auto end = clock::now() + k_timeout;
  for (;;) {
    const bool is_last = clock::now() > end;
    const auto known = read_log_positions(settings_);
    std::erase_if(lines_, [&](const expected_lines& expected) {
      auto& site = sites[expected.in_sites];
      const auto written = are_written(expected.last, expected.container, site.row.name, root, known);
      if (written[0] && written[1]) return true;
      for (const auto stream : logs::k_log_streams) {
        if (is_last && !written[logs::index_of(stream)])
          site.logs[expected.in_logs].behind.emplace_back(logs::log_name(stream));
      }
      return false;
    });
    if (lines_.empty() || is_last) return;
    std::this_thread::sleep_for(k_pause);
  }
}

}  // namespace heberg::ctl
