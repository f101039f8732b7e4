// SPDX-License-Identifier: LGPL-2.1-or-later
// A site's logs: logs, rotate.
#include "hebergctl/command.h"
#include "hebergctl/logs.h"
#include "hebergctl/verbs/subcommand.h"
#include "ledger/ledger.h"

#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace heberg::ctl {
namespace {

constexpr std::chrono::milliseconds k_pause{250};

struct log_options {
  std::string site;
  bool error_log = false;
  bool sftp_log = false;
  bool follow = false;
  std::size_t lines = 10;
};

// With --follow: until it is interrupted, or standard output is closed.
int logs(const command& given, const log_options& asked) {
  const auto settings = load(given.common);
  if (!ledger::read_site(settings.state_dir, asked.site)) return fail_no_site(asked.site);
  const std::string name = asked.error_log ? "error.log" : asked.sftp_log ? "sftp.log" : "access.log";
  log_tail log(settings.sites.root, asked.site, name);
  if (!log.exists() && !asked.follow) return fail(k_failed, asked.site + ": has no " + name + " yet");
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  std::string text;
  const auto collect = [&](std::string_view line) { text += is_terminal ? printable_line(line) : std::string(line); };
  log.print_last(asked.lines, collect);
  for (;;) {
    if (const int code = print(std::exchange(text, {})); code != k_done || !asked.follow) return code;
    if (!log.print_new(collect)) std::this_thread::sleep_for(k_pause);
  }
}

}  // namespace

void add_logs(subcommand& verb, command& given) {
  const auto options = std::make_shared<log_options>();
  verb.add("SITE", options->site).required();
  const auto error_log = verb.add_flag("--error", options->error_log, "error.log");
  verb.add_flag("--sftp", options->sftp_log, "sftp.log").excludes(error_log);
  verb.add_flag("-f,--follow", options->follow, "Print new lines as they come, also after a rotation");
  verb.add("-n,--lines", options->lines, "Number of lines from the end").shows_default();
  verb.runs(given, [&given, options] { return logs(given, *options); });
}

void add_rotate(subcommand& verb, command& given) {
  const auto site = std::make_shared<std::string>();
  verb.add("SITE", *site);
  verb.runs(given, [&given, site] { return ask_and_report(given, {"rotate", *site}); });
}

}  // namespace heberg::ctl
