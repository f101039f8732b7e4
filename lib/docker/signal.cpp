// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/signal.h"

#include "docker/connection.h"

#include <boost/asio/this_coro.hpp>

namespace heberg::docker {
namespace {

constexpr std::size_t k_body_max = 64U << 10U;

}  // namespace

boost::asio::awaitable<signal_result> send_signal(std::string host, std::string container, std::string signal,
                                                  std::chrono::milliseconds timeout) {
  connection engine(co_await boost::asio::this_coro::executor, parse_endpoint(host));
  // Without a version, the engine takes its newest: this call has been the same in all of them.
  const auto answer = co_await engine.post("/containers/" + container + "/kill?signal=" + signal, k_body_max, timeout);
  if (!answer.problem.empty()) co_return signal_result{delivery::failed, answer.problem};
  if (answer.status == 204) co_return signal_result{delivery::delivered, {}};
  const auto message = "container " + container + ": the engine answers " + std::to_string(answer.status) + " " +
                       answer.body.substr(0, 200);
  const bool gone = answer.status == 404 || answer.status == 409;
  co_return signal_result{gone ? delivery::not_running : delivery::failed, message};
}

}  // namespace heberg::docker
