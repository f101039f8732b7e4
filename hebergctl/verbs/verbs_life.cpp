// SPDX-License-Identifier: LGPL-2.1-or-later
// reserve, rename and purge a site; sync and render.
#include "base/names.h"
#include "hebergctl/command.h"
#include "hebergctl/renderers.h"
#include "hebergctl/site_name.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "tree/layout.h"
#include "tree/remove_tree.h"

#include <memory>

namespace heberg::ctl {
namespace {

struct purge_options {
  std::string site;
  std::string confirm;
  bool tree = false;
};

int render(const command& given) {
  const auto count = signal_renderers();
  if (count == 0) return fail(k_refused, "heberg-proxy-render is not running on this host");
  return report(given,
                {control::failure::none,
                 "signalled " + std::to_string(count) + " heberg-proxy-render process" + (count == 1 ? "" : "es"),
                 "{\"told\":" + std::to_string(count) + "}"});
}

int purge(const command& given, const purge_options& asked) {
  if (asked.confirm != asked.site) return fail(k_usage, "purge: --confirm must repeat the name \"" + asked.site + "\"");
  if (!is_site_name(asked.site)) return fail(k_usage, explain_invalid_name(asked.site));
  tree::shared_fd root;
  if (asked.tree) {
    // The rest of an interrupted purge, which would be in the way.
    root = open_root(load(given.common));
    tree::remove_tree(root->get(), tree::purged_name(asked.site));
  }
  const auto reply =
      ask(given, {"purge", asked.site, "", asked.tree ? std::vector<std::string>{"tree"} : std::vector<std::string>{}});
  if (!reply) return k_no_syncd;
  if (asked.tree && reply->error == control::failure::none) {
    tree::remove_tree(root->get(), tree::purged_name(asked.site));
    tree::remove_tree(root->get(), tree::archived_name(asked.site));  // of `archive --remove`
  }
  return report(given, *reply);
}

}  // namespace

void add_render(subcommand& verb, command& given) {
  verb.runs(given, [&given] { return render(given); });
}

void add_sync(subcommand& verb, command& given) {
  verb.runs(given, [&given] { return ask_and_report(given, {"sync", ""}); });
}

void add_reserve(subcommand& verb, command& given) {
  const auto site = std::make_shared<std::string>();
  verb.add("SITE", *site).required();
  verb.runs(given, [&given, site] { return ask_and_report(given, {"reserve", *site}); });
}

void add_rename(subcommand& verb, command& given) {
  const auto site = std::make_shared<std::string>();
  const auto to = std::make_shared<std::string>();
  verb.add("SITE", *site).required();
  verb.add("NEW", *to).required();
  verb.runs(given, [&given, site, to] { return ask_and_report(given, {"rename", *site, "", {*to}}); });
}

void add_purge(subcommand& verb, command& given) {
  const auto options = std::make_shared<purge_options>();
  verb.add("SITE", options->site).required();
  verb.add("--confirm", options->confirm, "The site's name again").type("SITE").required();
  verb.add_flag("--tree", options->tree, "Delete its files too. Its UID is given to no other site either way");
  verb.runs(given, [&given, options] { return purge(given, *options); });
}

}  // namespace heberg::ctl
