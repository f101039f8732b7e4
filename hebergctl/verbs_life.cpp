// SPDX-License-Identifier: LGPL-2.1-or-later
// A site's beginning, end and name: reserve, rename, purge; sync and render.
#include "base/names.h"
#include "hebergctl/command.h"
#include "hebergctl/renderers.h"
#include "hebergctl/trees.h"
#include "syncd/remove_tree.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace heberg::ctl {
namespace {

struct purge_words {
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

int purge(const command& given, const purge_words& asked) {
  if (asked.confirm != asked.site) return fail(k_usage, "purge: --confirm must name the site once more");
  if (!is_site_name(asked.site)) return fail(k_usage, asked.site + " is no site's name");
  syncd::shared_fd root;
  if (asked.tree) {
    // What an interrupted purge has left; it would be in the way.
    root = open_root(load(given.common));
    syncd::remove_tree(root->get(), aside_name(asked.site));
  }
  const auto reply =
      ask(given, {"purge", asked.site, "", asked.tree ? std::vector<std::string>{"tree"} : std::vector<std::string>{}});
  if (!reply) return k_no_syncd;
  if (asked.tree && reply->error == control::failure::none) {
    syncd::remove_tree(root->get(), aside_name(asked.site));
    syncd::remove_tree(root->get(), "." + asked.site + ".archived");  // of `archive --remove`
  }
  return report(given, *reply);
}

}  // namespace

void add_life_verbs(CLI::App& app, command& given) {
  app.add_subcommand("render", "Have heberg-proxy-render write nginx's configuration anew and reload nginx")
      ->callback([&given] { given.run = [&given] { return render(given); }; });
  app.add_subcommand("sync", "Have heberg-syncd list the engine's containers now")->callback([&given] {
    given.run = [&given] { return ask_and_report(given, {"sync", ""}); };
  });

  const auto site = std::make_shared<std::string>();
  auto* rotate = app.add_subcommand("rotate", "Put the logs of a site aside now, or of all sites");
  rotate->add_option("SITE", *site);
  rotate->callback([&given, site] { given.run = [&given, site] { return ask_and_report(given, {"rotate", *site}); }; });

  auto* reserve = app.add_subcommand("reserve", "Give a site its UID and its tree before it has a container");
  reserve->add_option("SITE", *site)->required();
  reserve->callback([&given, site] {
    given.run = [&given, site] { return ask_and_report(given, {"reserve", *site}); };
  });

  const auto to = std::make_shared<std::string>();
  auto* rename = app.add_subcommand("rename", "Give a site without a container another name; its UID stays");
  rename->add_option("OLD", *site)->required();
  rename->add_option("NEW", *to)->required();
  rename->callback([&given, site, to] {
    given.run = [&given, site, to] { return ask_and_report(given, {"rename", *site, "", {*to}}); };
  });

  const auto words = std::make_shared<purge_words>();
  auto* end = app.add_subcommand("purge", "Forget a site without a container: its account and UID go");
  end->add_option("SITE", words->site)->required();
  end->add_option("--confirm", words->confirm, "The site's name once more")->type_name("SITE")->required();
  end->add_flag("--tree", words->tree, "Remove its files too. Without this its UID is given to nobody else");
  end->callback([&given, words] { given.run = [&given, words] { return purge(given, *words); }; });
}

}  // namespace heberg::ctl
