// SPDX-License-Identifier: LGPL-2.1-or-later
// A site's beginning, end and name: reserve, rename, purge; sync and render.
#include "base/names.h"
#include "hebergctl/command.h"
#include "hebergctl/renderers.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "tree/layout.h"
#include "tree/remove_tree.h"

#include <memory>

namespace heberg::ctl {
namespace {

struct purge_words {
  std::string site;
  std::string confirm;
  bool tree = false;
};

int render(const command& given) {
  const auto told = tell_renderers();
  if (told == 0) return fail(k_refused, "no heberg-proxy-render runs here");
  return report(given, {control::failure::none,
                        std::to_string(told) + " heberg-proxy-render " + (told == 1 ? "is" : "are") + " told",
                        "{\"told\":" + std::to_string(told) + "}"});
}

int purge(const command& given, const purge_words& asked) {
  if (asked.confirm != asked.site) return fail(k_usage, "purge: --confirm must name the site once more");
  if (!is_site_name(asked.site)) return fail(k_usage, asked.site + " is no site's name");
  tree::shared_fd root;
  if (asked.tree) {
    // What an interrupted purge has left; it would be in the way.
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

void add_life_verbs(CLI::App& app, command& given) {
  subcommand(app, "render", "Have heberg-proxy-render write nginx's configuration anew and reload nginx")
      .runs(given, [&given] { return render(given); });
  subcommand(app, "sync", "Have heberg-syncd list the engine's containers now").runs(given, [&given] {
    return ask_and_report(given, {"sync", ""});
  });

  const auto site = std::make_shared<std::string>();
  subcommand rotate(app, "rotate", "Put the logs of a site aside now, or of all sites");
  rotate.add("SITE", *site);
  rotate.runs(given, [&given, site] { return ask_and_report(given, {"rotate", *site}); });

  subcommand reserve(app, "reserve", "Give a site its UID and its tree before it has a container");
  reserve.add("SITE", *site).required();
  reserve.runs(given, [&given, site] { return ask_and_report(given, {"reserve", *site}); });

  const auto to = std::make_shared<std::string>();
  subcommand rename(app, "rename", "Give a site without a container another name; its UID stays");
  rename.add("OLD", *site).required();
  rename.add("NEW", *to).required();
  rename.runs(given, [&given, site, to] { return ask_and_report(given, {"rename", *site, "", {*to}}); });

  const auto words = std::make_shared<purge_words>();
  subcommand end(app, "purge", "Forget a site without a container: its account and UID go");
  end.add("SITE", words->site).required();
  end.add("--confirm", words->confirm, "The site's name once more").type("SITE").required();
  end.add_flag("--tree", words->tree, "Remove its files too. Without this its UID is given to nobody else");
  end.runs(given, [&given, words] { return purge(given, *words); });
}

}  // namespace heberg::ctl
