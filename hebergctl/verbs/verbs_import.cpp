// SPDX-License-Identifier: LGPL-2.1-or-later
// import: the accounts of an old host become sites. Without --apply the plan is shown. With it, all or nothing is done:
// every UID is reserved first, and a later failure is rolled back. The same command finishes an import that was killed.
#include "base/errors.h"
#include "base/names.h"
#include "hebergctl/archive/site_archive.h"
#include "hebergctl/import/home_copy.h"
#include "hebergctl/import/import_plan.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "program/log.h"

#include <nlohmann/json.hpp>

#include <fnmatch.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <variant>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t k_file_max = 64U << 20U;  // bytes

struct import_options {
  std::string kind;
  std::string file;
  std::string shadow;
  std::string query;
  std::vector<std::string> only;
  std::vector<std::string> except;
  std::string web_folder;
  bool copies = false;
  bool applies = false;
};

std::string read_whole(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) throw_errno("open", path);
  }
  auto& input = path == "-" ? std::cin : file;
  std::string text;
  for (std::istreambuf_iterator<char> at(input), end; at != end && text.size() <= k_file_max; ++at) text += *at;
  if (text.size() > k_file_max)
    throw std::runtime_error(path + " is longer than " + std::to_string(k_file_max) + " bytes");
  return text;
}

std::vector<old_account> read_accounts(const import_options& asked) {
  std::vector<old_account> all;
  if (asked.kind == "passwd") {
    all = parse_passwd(read_whole(asked.file), asked.shadow.empty() ? "" : read_whole(asked.shadow));
  } else if (asked.kind == "users.conf") {
    all = parse_users_conf(read_whole(asked.file));
  } else {
    all = query_accounts(asked.file, asked.query);
  }
  const auto matches = [](const std::vector<std::string>& patterns, const std::string& name) {
    return std::ranges::any_of(patterns, [&](const auto& p) { return ::fnmatch(p.c_str(), name.c_str(), 0) == 0; });
  };
  std::erase_if(all, [&](const old_account& account) {
    return (!asked.only.empty() && !matches(asked.only, account.name)) || matches(asked.except, account.name);
  });
  return all;
}

import_facts gather_facts(const settings& settings, const std::vector<ledger::site>& sites,
                          const std::vector<old_account>& accounts, int root, bool copies) {
  import_facts facts{.sites = sites,
                     .complete = {},
                     .trees = {},
                     .uid_min = settings.accounts.uid_min,
                     .uid_max = settings.accounts.uid_max,
                     .copies = copies};
  for (const auto& site : sites) {
    if (has_password_file(root, site.name)) facts.complete.insert(site.name);
  }
  for (const auto& account : accounts) {
    if (is_site_name(account.name) && has_tree(root, account.name)) facts.trees.insert(account.name);
  }
  return facts;
}

json describe(const std::vector<import_step>& steps) {
  json described = json::array();
  for (const auto& step : steps) {
    json one = {{"name", step.from->name}, {"where", step.from->where}, {"step", name_of(step.kind)}};
    if (step.from->uid) one["uid"] = *step.from->uid;
    if (!step.from->home.empty()) one["home"] = step.from->home;
    if (!step.reason.empty()) one["reason"] = step.reason;
    if (!step.notes.empty()) one["notes"] = step.notes;
    described.push_back(std::move(one));
  }
  return described;
}

std::string show(const std::vector<import_step>& steps) {
  std::string text;
  for (const auto& step : steps) {
    std::string line = std::string(name_of(step.kind)) + "  " + step.from->name;
    if (step.from->uid) line += "  uid " + std::to_string(*step.from->uid);
    if (!step.from->home.empty()) line += "  " + step.from->home;
    if (!step.reason.empty()) line += "  (" + step.from->where + ") " + step.reason;
    for (const auto& note : step.notes) line += "; " + note;
    text += escape_line(line) + "\n";
  }
  return text;
}

int print_plan(const command& given, const std::vector<import_step>& steps) {
  const auto conflicts = count_conflicts(steps);
  if (given.json) {
    const json plan = {{"applied", false}, {"conflicts", conflicts}, {"steps", describe(steps)}};
    if (const int code = print(plan.dump(2, ' ', true, json::error_handler_t::replace) + "\n"); code != k_done)
      return code;
  } else if (const int code = print(show(steps)); code != k_done) {
    return code;
  }
  if (conflicts > 0)
    return fail(k_refused, std::to_string(conflicts) +
                               " conflicts: nothing was imported: resolve them, or exclude the accounts with --except");
  return k_done;
}

// What this run did for a site, for the rollback.
struct made {
  const import_step* step = nullptr;
  std::uint32_t uid = 0;
  bool row_is_new = false;
  bool tree_is_new = false;
};

class importer {
 public:
  importer(const command& given, const settings& settings, const import_options& asked, int root)
      : given_(given), settings_(settings), asked_(asked), root_(root) {}

  int run(const std::vector<import_step>& steps) {
    int code = k_done;
    try {
      for (const bool has_uid : {true, false}) {  // no new UID may be one that another account brings
        for (const auto& step : steps) {
          if (code != k_done || step.kind == import_step::what::present || step.from->uid.has_value() != has_uid)
            continue;
          code = reserve_uid(step);
        }
      }
      for (std::size_t i = 0; code == k_done && i < made_.size(); ++i) code = fill(made_[i]);
    } catch (const std::exception& error) {
      code = fail(k_failed, error.what());
    }
    if (code != k_done) roll_back();
    return code;
  }

  [[nodiscard]] std::size_t count() const noexcept { return made_.size(); }

 private:
  int reserve_uid(const import_step& step) {
    const auto& account = *step.from;
    const bool had_tree = has_tree(root_, account.name);
    // Asking for a UID makes no tree: it is copied, or made by fill(). UID 0 stands for any free one.
    const auto reserved = reserve(given_, settings_, account.name, account.uid.value_or(0));
    if (const auto* code = std::get_if<int>(&reserved)) return *code;
    const auto& row = std::get<reservation>(reserved);
    made_.push_back({&step, row.uid, row.is_new, !had_tree});
    if (!account.uid || row.uid == *account.uid) return k_done;
    return fail(k_refused, account.name + ": UID " + std::to_string(*account.uid) +
                               " is taken on this host (by a user, or by the owner of a tree)");
  }

  int fill(const made& site) {
    const auto& account = *site.step->from;
    if (asked_.copies && !account.home.empty() && !has_tree(root_, account.name)) {
      const auto left_out = copy_home(settings_, root_,
                                      {.site = account.name,
                                       .uid = site.uid,
                                       .old_uid = account.uid,
                                       .old_gid = account.gid,
                                       .home = account.home,
                                       .web_folder = asked_.web_folder});
      for (const auto& [path, why] : left_out)
        std::cerr << escape_line("hebergctl: " + account.name + ": not copied: " + path + ": " + why) << "\n";
    }
    if (const int code = request({"reserve", account.name, "", {}}); code != k_done) return code;  // completes the tree
    if (account.is_locked) {
      if (const int code = request({"lock", account.name, "locked on the old host", {}}); code != k_done) return code;
    }
    // The password last: a site that has one is complete.
    const auto how = account.kind == old_account::login::none       ? "none"
                     : account.kind == old_account::login::password ? "set"
                                                                    : "hash";
    control::request last{"passwd", account.name, "", {how}};
    if (account.kind != old_account::login::none) last.password.emplace(account.line.view());
    return request(last);
  }

  int request(const control::request& what) {
    const auto reply = ask(given_, what);
    if (!reply) return k_no_syncd;
    return reply->error == control::failure::none ? k_done : fail(k_failed, reply->message);
  }

  void roll_back() {
    for (const auto& site : made_) {
      const auto& name = site.step->from->name;
      try {
        if (site.tree_is_new && has_tree(root_, name)) remove_named_tree(root_, name);
        if (site.row_is_new) forget_row(given_, name);
      } catch (const std::exception& error) {
        (void)fail(k_failed, name + ": cannot roll back: " + error.what());
      }
    }
    (void)fail(k_failed, "nothing was imported");
  }

  const command& given_;
  const settings& settings_;
  const import_options& asked_;
  const int root_;
  std::vector<made> made_;
};

int import_accounts(const command& given, const import_options& asked) {
  if (asked.kind == "sqlite" && asked.query.empty()) return fail(k_usage, "import sqlite: --query SQL is required");
  if (asked.kind == "sqlite" && asked.file == "-") return fail(k_usage, "import sqlite: FILE cannot be standard input");
  const auto settings = load(given.common);
  const auto root = open_root(settings);
  const auto accounts = read_accounts(asked);
  if (accounts.empty()) return fail(k_failed, asked.file + ": contains no account to import");
  const auto sites = ledger::read_sites(settings.state_dir);
  const auto facts = gather_facts(settings, sites, accounts, root->get(), asked.copies);
  const auto steps = plan_import(accounts, facts);
  if (!asked.applies || count_conflicts(steps) > 0) return print_plan(given, steps);
  importer importer(given, settings, asked, root->get());
  if (const int code = importer.run(steps); code != k_done) return code;
  const json data = {{"applied", true}, {"conflicts", 0}, {"steps", describe(steps)}};
  return report(
      given, {control::failure::none,
              std::to_string(importer.count()) + " sites imported, " + std::to_string(steps.size() - importer.count()) +
                  " existed already; create each container with \"hebergctl create SITE --host NAME\"",
              data.dump(-1, ' ', true, json::error_handler_t::replace)});
}

}  // namespace

void add_import(subcommand& verb, command& given) {
  const auto options = std::make_shared<import_options>();
  verb.add("KIND", options->kind, "passwd, users.conf (of atmoz/sftp) or sqlite")
      .one_of({"passwd", "users.conf", "sqlite"})
      .required();
  verb.add("FILE", options->file, "\"-\" for standard input").required();
  verb.add("--shadow", options->shadow, "The shadow(5) file of a passwd file").type("FILE");
  verb.add("--query", options->query, "Its columns: name, and uid, gid, hash or password, locked, home").type("SQL");
  verb.add("--only", options->only, "Only accounts that match").type("PATTERN").one_each();
  verb.add("--except", options->except, "All but accounts that match").type("PATTERN").one_each();
  verb.add_flag("--copy", options->copies, "Copy the homes into the sites' www, and the owners' SSH keys");
  verb.add("--www", options->web_folder, "With --copy: the web folder in each home").type("FOLDER");
  verb.add_flag("--apply", options->applies, "Carry out the plan");
  verb.runs(given, [&given, options] { return import_accounts(given, *options); });
}

}  // namespace heberg::ctl
