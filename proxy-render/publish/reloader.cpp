// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/reloader.h"

#include "program/log.h"
#include "proxy-render/render/generation.h"

#include <utility>

namespace heberg::proxy {

namespace asio = boost::asio;

// To ask costs a call of the engine: not asked where nginx was reloaded less often than generations may live.
asio::awaitable<bool> reloader::has_too_many_workers() {
  constexpr auto k_lately = std::chrono::hours(1);
  if (!tools_.count_workers || tools_.max_generations == 0) co_return false;
  while (!reloads_.empty() && tools_.now() - reloads_.front() > k_lately) reloads_.pop_front();
  if (reloads_.size() + 1 < tools_.max_generations) co_return false;
  const auto workers = co_await tools_.count_workers();
  const bool is_full = workers && workers->generations() >= tools_.max_generations;
  if (std::exchange(logged_waiting_, is_full) == is_full) co_return is_full;
  if (is_full)
    log(level::warning, "nginx has " + std::to_string(workers->old) + " old workers beside " +
                            std::to_string(workers->serving) +
                            " new ones, which still serve slow requests, downloads or WebSockets: the next reload "
                            "waits for their end (proxy.max_generations; worker_shutdown_timeout of nginx.conf)");
  else
    log(level::info, "nginx has few enough old workers for a reload again");
  co_return is_full;
}

asio::awaitable<activation_status> reloader::reload(std::string live, std::function<bool()> has_news, bool is_urgent) {
  const bool must_wait = co_await has_too_many_workers();
  if (must_wait && !is_urgent) co_return activation_status::waiting;
  const auto result = co_await tools_.reload();
  if (result.what == reload_status::failed) {
    log(level::error, "nginx could not be reloaded, this is tried again: " + result.message);
    co_return activation_status::failed;
  }
  if (result.what == reload_status::not_running) {
    if (!std::exchange(logged_not_running_, true))
      log(level::warning, result.message + ": it is reloaded when it runs");
    co_return activation_status::not_running;
  }
  logged_not_running_ = false;
  reloads_.push_back(tools_.now());
  if (reloads_.size() > tools_.max_generations) reloads_.pop_front();
  auto generation = tools_.confirm ? generation_of(live) : std::string();
  if (generation.empty()) co_return activation_status::served;
  co_return co_await confirm(std::move(generation), std::move(has_news));
}

// Where plans follow each other quickly, none is waited for until nginx serves it. That nginx has served none of them for
// long is logged all the same.
asio::awaitable<activation_status> reloader::confirm(std::string generation, std::function<bool()> has_news) {
  if (!unserved_since_) unserved_since_ = tools_.now();
  const auto found = co_await tools_.confirm(std::move(generation), std::move(has_news));
  const bool is_late = tools_.now() - *unserved_since_ >= k_confirm_patience;
  log_change(found == confirmation::outdated && is_late ? confirmation::stale : found);
  switch (found) {
    case confirmation::served:
      unserved_since_.reset();
      co_return activation_status::served;
    case confirmation::silent:
      unserved_since_.reset();
      co_return activation_status::unknown;
    case confirmation::stale:
      co_return activation_status::stale;
    case confirmation::outdated:
      break;
  }
  co_return activation_status::superseded;
}

asio::awaitable<bool> reloader::is_served(std::string text) {
  auto generation = tools_.confirm ? generation_of(text) : std::string();
  if (generation.empty()) co_return false;
  const std::function<bool()> at_once = [] { return true; };
  const auto found = co_await tools_.confirm(std::move(generation), at_once);
  co_return found == confirmation::served;
}

void reloader::log_change(confirmation found) {
  if (found == confirmation::outdated || std::exchange(logged_, found) == found) return;
  if (found == confirmation::served) log(level::info, "nginx serves the published configuration again");
  if (found == confirmation::stale)
    log(level::error, "nginx was reloaded and still serves an older configuration: see nginx's error log");
  if (found == confirmation::silent)
    log(level::warning,
        "nothing answers on the proxy's http port of 127.0.0.1: whether nginx serves the published configuration is "
        "not "
        "known");
}

}  // namespace heberg::proxy
