// SPDX-License-Identifier: LGPL-2.1-or-later
// What hebergctl's verbs share: the command line's words, the exit codes, asking syncd. What only reads, reads the
// ledger, the directory and the trees, so it answers while syncd is down; what changes something asks syncd, the
// ledger's one writer.
#pragma once

#include "control/protocol.h"
#include "program/command_line.h"

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

namespace heberg::ctl {

enum exit_code : int {
  k_done = 0,
  k_failed = 1,
  k_usage = 2,
  k_no_such_site = 3,
  k_no_syncd = 4,
  k_refused = 5,
  k_warned = 6,  // check: nothing is broken, something wants a look
};

// A rule stands against it: k_refused.
struct refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct exit_code_text {
  exit_code code;
  const char* meaning;
};
// hebergctl(8) has the same list.
inline constexpr exit_code_text k_exit_codes[] = {
    {k_done, "success"},
    {k_failed, "failure"},
    {k_usage, "usage error"},
    {k_no_such_site, "no such site"},
    {k_no_syncd, "heberg-syncd does not answer"},
    {k_refused, "refused: not allowed in the current state of the site"},
    {k_warned, "check found warnings, but no error"},
};
[[nodiscard]] std::string print_exit_codes();  // for --help

struct command {
  common_options common;
  std::string socket = control::k_default_socket;
  bool json = false;
  std::function<int()> run;  // what the verb given will do
};

// Writes to standard output. A closed pipe or a full disk behind it must not pass for success.
[[nodiscard]] int print(const std::string& text);
[[nodiscard]] int fail(exit_code code, const std::string& message);
[[nodiscard]] int fail_no_site(const std::string& name);

// One request, with a deadline; nullopt where nobody answers, told on standard error unless quiet.
enum class telling { aloud, quiet };
[[nodiscard]] std::optional<control::reply> ask(const command& given, const control::request& request,
                                                telling how = telling::aloud);

// Prints a reply, as JSON where that was asked for; its exit code.
[[nodiscard]] int report(const command& given, const control::reply& reply);

// Asks, reports; the exit code.
[[nodiscard]] int ask_and_report(const command& given, const control::request& request);

// The field of a reply's data; empty where there is none.
[[nodiscard]] std::string text_field(const std::string& data, const char* key);

// What standard input holds, up to 64 KB; its first line. Throw where it cannot be read or is too long.
[[nodiscard]] std::string read_input();
[[nodiscard]] std::string read_input_line();

}  // namespace heberg::ctl
