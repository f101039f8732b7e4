// SPDX-License-Identifier: LGPL-2.1-or-later
// A private nginx, asked what it thinks of a text, and what it serves.
#pragma once

#include "process/run_program_async.h"
#include "proxy-render/nginx/nginx.h"
#include "proxy-render/render/render.h"
#include "unit/proxy-render/private_nginx.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace heberg::test {

template <class result>
result run(boost::asio::awaitable<result> what) {
  boost::asio::io_context io;
  result end{};
  boost::asio::co_spawn(io, std::move(what), [&end](std::exception_ptr error, result found) {
    if (error) std::rethrow_exception(error);
    end = std::move(found);
  });
  io.run();
  return end;
}

inline proxy::nginx_options options_of(const private_nginx& nginx) {
  return {.command = {"nginx", "-c", nginx.path("nginx.conf")}, .live = nginx.live()};
}

inline proxy::config_test_result judge(const private_nginx& nginx, const std::string& text,
                                       proxy::test_scope scope = proxy::test_scope::whole) {
  write_file(nginx.folder / "conf.d/.heberg.conf.tmp", text);
  return run(proxy::test_config(options_of(nginx), nginx.path("conf.d/.heberg.conf.tmp"), scope));
}

inline proxy::render_options render_for(const private_nginx& nginx) {
  return {.http_port = static_cast<std::uint16_t>(nginx.port),
          .ipv6 = false,
          .max_body = 1,
          .access_log = nginx.path("access.log"),
          .preamble = {}};
}

// The answer to a request by curl, with its head. more: curl's options.
inline std::string get(const private_nginx& nginx, const std::string& host, const std::string& path,
                       const std::vector<std::string>& more = {}) {
  const auto port = std::to_string(nginx.port);
  std::vector<std::string> words = {"curl", "-si", "--max-time", "5", "--resolve", host + ":" + port + ":127.0.0.1"};
  words.insert(words.end(), more.begin(), more.end());
  words.push_back("http://" + host + ":" + port + path);
  return run(run_program_async(words, std::chrono::seconds(10))).output;
}

}  // namespace heberg::test
