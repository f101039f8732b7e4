// SPDX-License-Identifier: LGPL-2.1-or-later
// What was written: logs.
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

struct log_words {
  std::string site;
  bool error_log = false;
  bool sftp_log = false;
  bool follow = false;
  std::size_t lines = 10;
};

// Follows until it is interrupted, or until nobody reads any more.
int logs(const command& given, const log_words& words) {
  const auto settings = load(given.common);
  if (!ledger::read_site(settings.state_dir, words.site)) return fail_no_site(words.site);
  const std::string name = words.error_log ? "error.log" : words.sftp_log ? "sftp.log" : "access.log";
  log_tail log(settings.sites.root, words.site, name);
  if (!log.exists() && !words.follow) return fail(k_failed, words.site + " has no " + name + " yet");
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  std::string text;
  const auto collect = [&](std::string_view line) { text += is_terminal ? printable_line(line) : std::string(line); };
  log.print_last(words.lines, collect);
  for (;;) {
    if (const int code = print(std::exchange(text, {})); code != k_done || !words.follow) return code;
    if (!log.print_new(collect)) std::this_thread::sleep_for(k_pause);
  }
}

}  // namespace

void add_log_verbs(CLI::App& app, command& given) {
  const auto words = std::make_shared<log_words>();
  subcommand verb(app, "logs", "Print the end of a site's log: access.log, or another");
  verb.add("SITE", words->site).required();
  const auto error_log = verb.add_flag("--error", words->error_log, "error.log");
  verb.add_flag("--sftp", words->sftp_log, "sftp.log").excludes(error_log);
  verb.add_flag("-f,--follow", words->follow, "Go on with what comes, over rotations too");
  verb.add("-n,--lines", words->lines, "So many lines of what is there").shows_default();
  verb.runs(given, [&given, words] { return logs(given, *words); });
}

}  // namespace heberg::ctl
