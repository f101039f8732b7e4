// SPDX-License-Identifier: LGPL-2.1-or-later
// A site's beginning, end and name: reserve, rename, purge; sync and render.
#include "base/names.h"
#include "hebergctl/command.h"
#include "hebergctl/renderers.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "tree/remove_tree.h"

#include <memory>

namespace heberg::ctl {
namespace {

struct purge_options {
  std::string site;
  std::string confirm;
  bool tree = false;
};

std::string aside_name(const std::string& site) {
  return "." + site + ".purged";  // as syncd calls it; deletion that was interrupted is found by it
}

int render(const command& given) {
  const auto told = tell_renderers();
  if (told == 0) return fail(k_refused, "no heberg-proxy-render runs here");
  return report(given, {control::failure::none,
                        std::to_string(told) + " heberg-proxy-render " + (told == 1 ? "is" : "are") + " told",
                        "{\"told\":" + std::to_string(told) + "}"});
}

int purge(const command& given, const purge_options& asked) {
  if (asked.confirm != asked.site) return fail(k_usage, "purge: --confirm must name the site once more");
  if (!is_site_name(asked.site)) return fail(k_usage, asked.site + " is no site's name");
  tree::shared_fd root;
  if (asked.tree) {
    // What an interrupted purge has left; it would be in the way.
    root = open_root(load(given.common));
    tree::remove_tree(root->get(), aside_name(asked.site));
  }
  const auto reply =
      ask(given, {"purge", asked.site, "", asked.tree ? std::vector<std::string>{"tree"} : std::vector<std::string>{}});
  if (!reply) return k_no_syncd;
  if (asked.tree && reply->error == control::failure::none) {
    tree::remove_tree(root->get(), aside_name(asked.site));
    tree::remove_tree(root->get(), "." + asked.site + ".archived");  // of `archive --remove`
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
  verb.add_flag("--tree", options->tree, "Delete its files too. Until they are deleted its UID is not given away");
  verb.runs(given, [&given, options] { return purge(given, *options); });
}

}  // namespace heberg::ctl
