// SPDX-License-Identifier: LGPL-2.1-or-later
// check: checks the host and its sites.
#include "hebergctl/check/check_facts.h"
#include "hebergctl/command.h"
#include "hebergctl/verbs/subcommand.h"

#include <chrono>
#include <memory>

namespace heberg::ctl {
namespace {

int check(const command& given, check_options options) {
  const auto settings = load(given.common);
  if (!options.site.empty() && !ledger::read_site(settings.state_dir, options.site)) return fail_no_site(options.site);
  if (const auto reply = ask(given, {"status", ""}, on_no_answer::ignore)) options.status = reply->data;
  const auto seen = gather_facts(settings, options);
  const auto now = std::chrono::system_clock::now();
  auto findings = check_host(seen.host, now);
  for (const auto& site : seen.sites) {
    for (auto& found : check_site(site, now)) findings.push_back(std::move(found));
  }
  const int printed =
      print(given.json ? print_json(findings, seen.sites.size()) : print_findings(findings, seen.sites.size()));
  if (printed != k_done) return printed;
  const auto worst = worst_of(findings);
  return !worst ? k_done : *worst == severity::error ? k_failed : k_warned;
}

}  // namespace

void add_check(subcommand& verb, command& given) {
  const auto options = std::make_shared<check_options>();
  verb.add("SITE", options->site);
  verb.add_flag("--fix", options->fix, "Repair owners and modes of the trees' own folders, and create missing ones");
  verb.runs(given, [&given, options] { return check(given, *options); });
}

}  // namespace heberg::ctl
