// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/once.h"
#include "syncd/reconcile/reconcile.h"
#include "tree/site_trees.h"

#include <ostream>

namespace heberg::syncd {
namespace {

class checker {
 public:
  checker(const settings& settings, const host_parts& parts, std::ostream& out)
      : settings_(settings), parts_(parts), out_(out) {}

  int run(const docker::containers& all) {
    for (auto& row : ledger::read_sites(settings_.state_dir)) {
      auto name = row.name;
      rows_.emplace(std::move(name), std::move(row));
    }
    open_root();
    const auto containers = classify(all);
    const auto ordered = put_in_order(containers);
    // Not counted as a problem: that network may have enable_icc off.
    for (const auto& [site, network] : site::find_shared_networks(ordered))
      print(site, site::explain_shared_network(network));
    const auto changes = reconcile(ordered, rows_, wall_time(), rules(), queries());
    for (const auto& event : changes.events) {
      if (event.is_network) continue;  // printed above
      if (event.weight == level::warning) {
        problem(event.site, event.text);
      } else {
        print(event.site, "would be: " + event.text);
      }
    }
    for (const auto& [site, why] : changes.refused) problem(site, "no account: " + why);
    for (const auto& row : changes.rows) rows_[row.name] = row;
    const std::set<std::string> appeared(changes.appeared.begin(), changes.appeared.end());
    for (const auto& [name, row] : rows_) {
      // A new site has no tree yet: it will be made.
      if (trees_ && !row.is_retired() && !appeared.contains(name)) check_tree(row);
    }
    out_ << rows_.size() << " sites, " << problems_ << " problems\n";
    return problems_ == 0 ? 0 : 1;
  }

 private:
  // As log() does: a container's text must not reach the terminal as control sequences.
  void print(const std::string& who, const std::string& what) { out_ << escape_line(who + ": " + what) << "\n"; }

  void problem(const std::string& who, const std::string& what) {
    ++problems_;
    print(who, what);
  }

  void open_root() {
    const auto opened =
        tree::open_sites_root(settings_.sites.root, *parts_.owners, tree::make_root::no, parts_.trusted_path);
    if (const auto* root = std::get_if<tree::shared_fd>(&opened)) {
      root_ = *root;
      trees_.emplace(root_, settings_.sites.root, *parts_.owners);
    } else if (const auto& found = std::get<tree::root_problem>(opened); found.is_missing) {
      print("sites root", found.reason + ": would be made");
    } else {
      problem("sites root", found.reason);
    }
  }

  std::vector<site::site_container> classify(const docker::containers& all) {
    const auto& sites = settings_.sites;
    const site::site_settings how{.root = sites.host_root.empty() ? sites.root : sites.host_root,
                                  .images = sites.images,
                                  .named_by_label = sites.named_by_label};
    const site::classifier classifier(how);
    std::vector<site::site_container> containers;
    for (const auto& [id, container] : all) {
      auto result = classifier.classify(container);
      if (auto* accepted = std::get_if<site::site_container>(&result)) {
        containers.push_back(std::move(*accepted));
      }
      if (auto* refusal = std::get_if<site::rejected_container>(&result)) {
        problem("container " + site::quoted(refusal->container),
                "not accepted as a site's container: " + refusal->reason);
      }
    }
    return containers;
  }

  void check_tree(const ledger::site& row) {
    for (const auto& what : trees_->inspect(row.name, row.uid)) problem(row.name, what);
    const unique_fd folder = tree::open_secrets_folder(root_->get(), row.name);
    if (!folder) return;  // inspect() reports it
    const auto state = tree::read_password_file(folder.get(), std::nullopt, *parts_.owners);
    if (const auto* refused = std::get_if<tree::file_refused>(&state))
      problem(row.name, "its password file is refused: " + refused->reason);
  }

  host_queries queries() {
    return {.owners_of_trees = [this]() -> const tree::site_owners& {
              if (trees_) trees_->find_owners(owners_of_trees_);
              return owners_of_trees_;
            },
            .spent_uids = [this] { return ledger::read_spent_uids(settings_.state_dir); },
            .explain_foreign =
                [this](const std::string& site, std::uint32_t uid) {
                  return explain_foreign(*parts_.names,
                                         {.name = site, .id = uid, .home = settings_.sites.root + "/" + site});
                },
            .has_time = [] { return true; },
            .last_refusal = [](const std::string&) { return std::string(); }};
  }

  account_rules rules() const {
    const auto& accounts = settings_.accounts;
    return {.uids = {accounts.uid_min, accounts.uid_max}, .retire_after = accounts.retire_after};
  }

  static ledger::time wall_time() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }

  const settings& settings_;
  const host_parts& parts_;
  std::ostream& out_;
  site_rows rows_;
  tree::shared_fd root_;
  std::optional<tree::site_trees> trees_;
  tree::site_owners owners_of_trees_;
  std::size_t problems_ = 0;
};

}  // namespace

int run_check(const settings& settings, const host_parts& parts, const docker::containers& all, std::ostream& out) {
  return checker(settings, parts, out).run(all);
}

}  // namespace heberg::syncd
