// SPDX-License-Identifier: LGPL-2.1-or-later
// quota: a site's limit on the disk, and what it uses. The limit is a file of root's in the site's tree. Nothing of the
// kernel's enforces it: it is measured here and by `show` and `check`.
#include "hebergctl/command.h"
#include "hebergctl/site_lock.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "ledger/ledger.h"
#include "tree/quota.h"

#include <nlohmann/json.hpp>

#include <memory>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

struct quota_options {
  std::string site;
  std::string limit;
};

int quota(const command& given, const quota_options& asked) {
  const auto settings = load(given.common);
  if (!ledger::read_site(settings.state_dir, asked.site)) return fail_no_site(asked.site);
  if (!asked.limit.empty()) {
    const auto limit = tree::parse_quota(asked.limit);
    if (!limit && asked.limit != "default")
      return fail(k_usage, "quota: invalid limit \"" + asked.limit +
                               "\": use BYTES or BYTES,FILES, such as 5g or 5g,100000, or none, or default");
    const site_lock alone(settings, asked.site);
    store_quota_of(settings, asked.site, limit);
  }
  const auto seen = read_disk_share(settings, asked.site);
  const auto share = tree::used_share(seen.use, seen.limit);
  json data = {{"site", asked.site},
               {"bytes", seen.use.bytes},
               {"files", seen.use.files},
               {"is_complete", seen.use.is_complete},
               {"bytes_limit", seen.limit.bytes},
               {"files_limit", seen.limit.files},
               {"percent", share ? json(*share) : json(nullptr)}};
  return report(given, {control::failure::none, asked.site + ": " + print_disk_share(seen), data.dump()});
}

}  // namespace

void add_quota(subcommand& verb, command& given) {
  const auto options = std::make_shared<quota_options>();
  verb.add("SITE", options->site).required();
  verb.add("LIMIT", options->limit, "BYTES or BYTES,FILES (5g,100000); none: no limit; default: as in heberg.toml");
  verb.runs(given, [&given, options] { return quota(given, *options); });
}

}  // namespace heberg::ctl
