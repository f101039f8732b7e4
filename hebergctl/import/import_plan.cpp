// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/import/import_plan.h"

#include "base/characters.h"
#include "base/names.h"
#include "hebergctl/site_name.h"
#include "tree/password.h"

#include <algorithm>
#include <map>

namespace heberg::ctl {
namespace {

std::string explain_login(const old_account& account) {
  using tree::line_kind;
  if (account.kind == old_account::login::none) return {};
  const auto judged = tree::classify_line(account.line.view());
  if (account.kind == old_account::login::hash) {
    if (judged.kind == line_kind::hash) return {};
    return judged.reason.empty() ? "its hash has none of the \"$id$\" prefixes of crypt(5)"
                                 : "its hash " + judged.reason;
  }
  if (judged.kind == line_kind::password) return {};
  return "its password cannot be stored in a password file: it would be read as something else";
}

class planner {
 public:
  planner(std::span<const old_account> accounts, const import_facts& facts) : facts_(facts) {
    for (const auto& account : accounts) {
      ++names_[account.name];
      if (account.uid) ++uids_[*account.uid];
    }
    for (const auto& site : facts.sites) {
      by_name_.emplace(site.name, &site);
      by_uid_.emplace(site.uid, &site);
    }
  }

  [[nodiscard]] import_step plan(const old_account& account) const {
    import_step step;
    step.from = &account;
    step.reason = explain_conflict(account);
    if (!step.reason.empty()) {
      step.kind = import_step::what::conflict;
      return step;
    }
    if (by_name_.contains(account.name))
      step.kind = facts_.complete.contains(account.name) ? import_step::what::present : import_step::what::finish;
    if (step.kind == import_step::what::present) return step;
    if (!account.uid) step.notes.emplace_back("gets a new UID");
    if (account.gid && account.uid && account.gid != account.uid)
      step.notes.push_back("its GID changes from " + std::to_string(*account.gid) + " to " +
                           std::to_string(*account.uid));
    if (account.kind == old_account::login::none) step.notes.emplace_back("no password login, as before");
    if (account.is_locked) step.notes.emplace_back("locked, as before");
    return step;
  }

 private:
  [[nodiscard]] std::string explain_conflict(const old_account& account) const {
    if (!account.fault.empty()) return account.fault;
    if (!is_site_name(account.name)) return explain_invalid_name(account.name);
    if (names_.at(account.name) > 1) return "occurs more than once";
    if (std::ranges::any_of(account.home, is_control)) return "its home has a control character in its path";
    if (auto why = explain_login(account); !why.empty()) return why;
    const auto known = by_name_.find(account.name);
    if (account.uid) {
      if (uids_.at(*account.uid) > 1) return "shares UID " + std::to_string(*account.uid) + " with another account";
      if (auto why = explain_uid(*account.uid, account.name); !why.empty()) return why;
    }
    if (known != by_name_.end()) return {};
    if (facts_.copies && facts_.trees.contains(account.name))
      return "a tree of that name exists already: --copy needs a new one";
    return {};
  }

  [[nodiscard]] std::string explain_uid(std::uint32_t uid, const std::string& name) const {
    const auto text = "UID " + std::to_string(uid);
    if (const auto known = by_name_.find(name); known != by_name_.end())
      return known->second->uid == uid
                 ? ""
                 : "exists already with UID " + std::to_string(known->second->uid) + ", not " + std::to_string(uid);
    if (uid < facts_.uid_min || uid > facts_.uid_max) {
      return text + " is outside the range accounts.uid_min to accounts.uid_max (" + std::to_string(facts_.uid_min) +
             " to " + std::to_string(facts_.uid_max) + "): extend the range in heberg.toml";
    }
    if (const auto other = by_uid_.find(uid); other != by_uid_.end())
      return text + " belongs to site " + other->second->name;
    return {};
  }

  const import_facts& facts_;
  std::map<std::string, int> names_;
  std::map<std::uint32_t, int> uids_;
  std::map<std::string, const ledger::site*> by_name_;
  std::map<std::uint32_t, const ledger::site*> by_uid_;
};

}  // namespace

std::vector<import_step> plan_import(std::span<const old_account> accounts, const import_facts& facts) {
  const planner planner(accounts, facts);
  std::vector<import_step> steps;
  steps.reserve(accounts.size());
  for (const auto& account : accounts) steps.push_back(planner.plan(account));
  return steps;
}

std::size_t count_conflicts(std::span<const import_step> steps) {
  return static_cast<std::size_t>(std::ranges::count(steps, import_step::what::conflict, &import_step::kind));
}

const char* name_of(import_step::what kind) {
  switch (kind) {
    case import_step::what::make:
      return "make";
    case import_step::what::finish:
      return "finish";
    case import_step::what::present:
      return "present";
    case import_step::what::conflict:
      break;
  }
  return "conflict";
}

}  // namespace heberg::ctl
