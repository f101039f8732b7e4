// SPDX-License-Identifier: LGPL-2.1-or-later
// archive: packs a site into one file. The file gets its name after it was read back; only then is a tree moved away.
#include "archive/pack.h"
#include "base/beneath.h"
#include "base/errors.h"
#include "base/names.h"
#include "hebergctl/archive/output_file.h"
#include "hebergctl/archive/own_archives.h"
#include "hebergctl/archive/site_archive.h"
#include "hebergctl/command.h"
#include "hebergctl/container/held_container.h"
#include "hebergctl/container/site_container.h"
#include "hebergctl/log_progress.h"
#include "hebergctl/site_lock.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "ledger/ledger.h"
#include "program/log.h"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>
#include <variant>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

struct archive_options {
  std::string site;
  std::string output;
  bool stop = false;
  bool remove = false;
};

archive::pack_result write_named_archive(const settings& settings, const archive::head& about, int tree,
                                         const std::string& path, progress& shown) {
  output_file file(path);
  auto result = write_archive(settings, about, tree, file.fd(), archive::compression::zstd, shown.counter());
  remember_archive(settings, archive::contents_of(about, result));
  file.commit();
  return result;
}

int pack_site(const command& given, archive_options asked) {
  const auto settings = load(given.common);
  const auto row = ledger::read_site(settings.state_dir, asked.site);
  if (!row) return fail_no_site(asked.site);
  const site_lock alone(settings, asked.site);
  const auto container = find_container(settings.docker.host, asked.site);
  if (asked.remove && container && !container->is_ours)
    return fail(k_refused, asked.site + ": not archived: its container was not created by hebergctl: remove it first");
  if (asked.remove) check_no_other_users(settings, asked.site, container);
  const auto root = open_root(settings);
  const auto tree = open_tree(root->get(), asked.site);
  if (asked.output.empty()) asked.output = archives_folder(settings) + "/" + asked.site + ".tar.zst";

  const auto about = describe_site(settings, *row, container);
  archive::pack_result result;
  std::optional<progress> shown(std::in_place, given);
  shown->begin(about.site + ": packing", measure(*shown, tree.get()));  // before the site is stopped
  if (container) {
    held_container held(settings.docker.host, *container, asked.stop || asked.remove ? hold::stop : hold::pause);
    if (asked.remove && !wait_for_log(settings, root->get(), asked.site, container->id))
      std::fprintf(stderr, "hebergctl: %s: warning: the last lines of its logs are not in its tree yet\n",
                   asked.site.c_str());
    result = write_named_archive(settings, about, tree.get(), asked.output, *shown);
    if (asked.remove) {
      held.forget();
      remove_container(settings.docker.host, container->id);
      wait_until_missing(settings, asked.site);
    }
    held.release();
  } else {
    result = write_named_archive(settings, about, tree.get(), asked.output, *shown);
  }
  shown.reset();
  if (asked.remove) move_to_archived(root->get(), asked.site);
  for (const auto& [path, why] : result.left_out)
    std::fprintf(stderr, "hebergctl: not archived: %s: %s\n", escape_line(path).c_str(), why.c_str());
  const json data = {{"file", asked.output},
                     {"files", result.packed.size()},
                     {"bytes", result.bytes},
                     {"left_out", result.left_out.size()}};
  return report(given, {control::failure::none,
                        asked.site + ": archived to " + asked.output + ", " + std::to_string(result.packed.size()) +
                            " entries" + (asked.remove ? "; the site is removed" : ""),
                        data.dump(-1, ' ', true, json::error_handler_t::replace)});
}

}  // namespace

void add_archive(subcommand& verb, command& given) {
  const auto options = std::make_shared<archive_options>();
  verb.add("SITE", options->site).required();
  verb.add("--output", options->output, "Default: archives/SITE.tar.zst in the state folder").type("FILE");
  verb.add_flag("--stop", options->stop, "Stop the container while the archive is written, instead of pausing it");
  verb.add_flag("--remove", options->remove,
                "Then remove container and account, and rename the tree to .SITE.archived");
  verb.runs(given, [&given, options] { return pack_site(given, *options); });
}

}  // namespace heberg::ctl
