// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/call.h"

#include "docker/connection.h"
#include "json/fields.h"
#include "json/parse.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>

namespace heberg::docker {
namespace {

boost::asio::awaitable<void> exchange(connection& engine, method how, const std::string& target,
                                      const std::string& body, const call_limits& most, call_answer& result) {
  // A statement each: GCC 12 destroys the arguments of a co_await in a conditional expression twice.
  answer got;
  if (how == method::get) got = co_await engine.get(target, most.bytes, most.timeout);
  if (how == method::post) got = co_await engine.post(target, most.bytes, most.timeout, body);
  if (how == method::erase) got = co_await engine.erase(target, most.bytes, most.timeout);
  result = {.problem = std::move(got.problem), .status = got.status, .body = std::move(got.body)};
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::string call_answer::reason() const {
  if (!problem.empty()) return problem;
  if (const auto message = json_fields::text(parse_json(body), "message"); !message.empty())
    return message.substr(0, 500);
  return "the engine answers " + std::to_string(status);
}

call_answer call(const std::string& host, method how, const std::string& target, const std::string& body,
                 const call_limits& most) {
  boost::asio::io_context io(1);
  connection engine(io.get_executor(), parse_endpoint(host));
  call_answer result;
  boost::asio::co_spawn(io, exchange(engine, how, target, body, most, result), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  io.run();
  return result;
}

std::string encode_query(std::string_view text) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_word(c) || c == '.' || c == '-' || c == '~') {
      encoded += c;
    } else {
      encoded.append("%").append(1, k_digits[byte / 16]).append(1, k_digits[byte % 16]);
    }
  }
  return encoded;
}

bool is_object_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 128 && is_word(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

}  // namespace heberg::docker
