// SPDX-License-Identifier: LGPL-2.1-or-later
// What hebergctl's verbs share: the common options, the exit codes, requests to syncd. Read-only verbs read the ledger,
// the account database and the trees, so they work while syncd is down. Verbs that change something send a request to
// syncd, the only writer of the ledger.
#pragma once

#include "base/secret.h"
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
  k_warned = 6,  // check: warnings, but no error
};

// Not allowed in the current state of the site: k_refused.
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
  std::function<int()> run;  // set by the verb that was given; returns the exit code
};

// Writes to standard output. A closed pipe or a full disk is an error, reported on standard error.
[[nodiscard]] int print(const std::string& text);
[[nodiscard]] int fail(exit_code code, const std::string& message);
[[nodiscard]] int fail_no_site(const std::string& name);

// " (run hebergctl as root)" where that is not the case; else `otherwise`.
[[nodiscard]] std::string hint_at_root(const std::string& otherwise = {});

// One request to syncd, with a deadline; nullopt where it does not answer, which is reported on standard error if so
// wanted.
enum class on_no_answer { report, ignore };
[[nodiscard]] std::optional<control::reply> ask(const command& given, const control::request& request,
                                                on_no_answer what = on_no_answer::report);

// Prints a reply, as JSON with --json; returns its exit code.
[[nodiscard]] int report(const command& given, const control::reply& reply);

// ask() and report(); returns the exit code.
[[nodiscard]] int ask_and_report(const command& given, const control::request& request);

// A field of a reply's data; empty where it is missing.
[[nodiscard]] std::string text_field(const std::string& data, const char* key);

// Standard input, up to 64 KB; its first line, of which no copy stays behind. Throw where it cannot be read or is
// longer.
[[nodiscard]] std::string read_input();
[[nodiscard]] secret read_input_secret();

}  // namespace heberg::ctl
