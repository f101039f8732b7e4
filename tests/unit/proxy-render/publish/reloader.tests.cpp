// SPDX-License-Identifier: LGPL-2.1-or-later
// A reload and a confirmation that are scripted: what is known of nginx after each of them.
#include "proxy-render/publish/reloader.h"

#include "proxy-render/render/generation.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

namespace {

using namespace heberg::proxy;

template <class result>
result run(boost::asio::awaitable<result> what) {
  boost::asio::io_context io;
  result end{};
  boost::asio::co_spawn(io, std::move(what), [&end](std::exception_ptr error, result found) {
    if (error) std::rethrow_exception(error);
    end = found;
  });
  io.run();
  return end;
}

struct scripted {
  reload_result reloaded{reload_status::requested, {}};
  confirmation found = confirmation::served;
  std::string asked_for;
  bool had_news = false;
  int reloads = 0;

  reload_tools tools() {
    return {.reload = [this]() -> boost::asio::awaitable<reload_result> {
              ++reloads;
              co_return reloaded;
            },
            .confirm = [this](std::string generation,
                              std::function<bool()> has_news) -> boost::asio::awaitable<confirmation> {
              asked_for = std::move(generation);
              had_news = has_news && has_news();
              co_return found;
            }};
  }
};

const std::string k_text = render_generation("text", {});

}  // namespace

TEST_CASE("each answer of nginx about its generation is a status of the reload") {
  const struct {
    confirmation found;
    activation_status status;
  } rows[] = {{confirmation::served, activation_status::served},
              {confirmation::silent, activation_status::unknown},
              {confirmation::stale, activation_status::stale},
              {confirmation::outdated, activation_status::superseded}};
  for (const auto& row : rows) {
    INFO(static_cast<int>(row.found));
    scripted nginx;
    nginx.found = row.found;
    reloader r(nginx.tools());
    CHECK(run(r.reload(k_text, {})) == row.status);
    CHECK(nginx.asked_for == generation_of(k_text));
    CHECK(nginx.reloads == 1);
  }
}

TEST_CASE("an nginx that cannot be reloaded, or does not run, is not asked what it serves") {
  scripted nginx;
  reloader r(nginx.tools());
  nginx.reloaded = {reload_status::failed, "no"};
  CHECK(run(r.reload(k_text, {})) == activation_status::failed);
  nginx.reloaded = {reload_status::not_running, "nginx is not running"};
  CHECK(run(r.reload(k_text, {})) == activation_status::not_running);
  CHECK(nginx.asked_for.empty());
}

TEST_CASE("a text without a generation counts as served once nginx was reloaded") {
  scripted nginx;
  nginx.found = confirmation::stale;
  reloader r(nginx.tools());
  CHECK(run(r.reload("server {}\n", {})) == activation_status::served);
  CHECK(nginx.asked_for.empty());
  CHECK_FALSE(run(r.is_served("server {}\n")));
}

TEST_CASE("whether a text is served now is asked without a reload and without patience") {
  scripted nginx;
  reloader r(nginx.tools());
  CHECK(run(r.is_served(k_text)));
  CHECK(nginx.had_news);
  CHECK(nginx.reloads == 0);
  nginx.found = confirmation::outdated;
  CHECK_FALSE(run(r.is_served(k_text)));
}

TEST_CASE("a reload waits while too many generations of workers live, and one that takes an address away does not") {
  scripted nginx;
  auto tools = nginx.tools();
  worker_count workers{.serving = 2, .old = 5};  // and two generations, and a half
  int counted = 0;
  tools.count_workers = [&]() -> boost::asio::awaitable<std::optional<worker_count>> {
    ++counted;
    co_return workers;
  };
  tools.max_generations = 4;
  reloader r(tools);
  for (int i = 0; i < 3; ++i) CHECK(run(r.reload(k_text, {})) == activation_status::served);
  CHECK(counted == 0);  // so few reloads cannot have left so many
  CHECK(run(r.reload(k_text, {})) == activation_status::waiting);
  CHECK(nginx.reloads == 3);
  CHECK(run(r.reload(k_text, {}, true)) == activation_status::served);
  CHECK(nginx.reloads == 4);
  workers.old = 4;
  CHECK(run(r.reload(k_text, {})) == activation_status::served);
  CHECK(nginx.reloads == 5);
}

TEST_CASE("workers that cannot be counted keep no reload waiting") {
  scripted nginx;
  auto tools = nginx.tools();
  tools.count_workers = []() -> boost::asio::awaitable<std::optional<worker_count>> { co_return std::nullopt; };
  tools.max_generations = 2;
  reloader r(tools);
  for (int i = 0; i < 5; ++i) CHECK(run(r.reload(k_text, {})) == activation_status::served);
}

TEST_CASE("without a way to reload nginx the reloader is not enabled") {
  CHECK_FALSE(reloader({.reload = {}}).is_enabled());
}
