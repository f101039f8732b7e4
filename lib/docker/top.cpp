// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/top.h"

#include "docker/connection.h"
#include "json/fields.h"
#include "json/parse.h"

#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

namespace heberg::docker {
namespace {

constexpr std::size_t k_body_max = 1U << 20U;

}  // namespace

// {"Titles": ["UID", "PID", …, "CMD"], "Processes": [["root", "1", …, "nginx: master process"], …]}
std::optional<std::vector<std::string>> parse_top(std::string_view body) {
  const auto document = parse_json(body, {.bytes = k_body_max, .depth = 4});
  const auto& processes = json_fields::field(document, "Processes");
  if (!processes.is_array()) return std::nullopt;
  std::vector<std::string> commands;
  for (const auto& process : processes) {
    if (!process.is_array() || process.empty() || !process.back().is_string()) return std::nullopt;
    commands.push_back(process.back().get<std::string>());
  }
  return commands;
}

boost::asio::awaitable<std::optional<std::vector<std::string>>> list_processes(std::string host, std::string container,
                                                                               std::chrono::milliseconds timeout) {
  connection engine(co_await boost::asio::this_coro::executor, parse_endpoint(host));
  const auto answer = co_await engine.get("/containers/" + container + "/top", k_body_max, timeout);
  if (!answer.problem.empty() || answer.status != 200) co_return std::nullopt;
  co_return parse_top(answer.body);
}

}  // namespace heberg::docker
