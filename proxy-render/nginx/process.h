// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs a program (nginx -t, the sysadmin's reload command) and waits for it beside the loop. No shell: words are an
// argv.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::proxy {

struct run_result {
  enum class kind { exited, killed, timed_out, not_found, not_started } kind = kind::not_started;
  int status = 0;      // exit status, signal number or errno value
  std::string output;  // stdout and stderr together, cut at 64 kB
};

// The program is dead when this returns or is cancelled. stdin is /dev/null; nothing else of ours is inherited but the
// environment.
[[nodiscard]] boost::asio::awaitable<run_result> run_program(std::vector<std::string> words,
                                                             std::chrono::milliseconds limit);

// "exited with status 1", for messages.
[[nodiscard]] std::string describe(const run_result& result);

// Words between blanks; no quotes, no expansion.
[[nodiscard]] std::vector<std::string> split_words(std::string_view text);

}  // namespace heberg::proxy
