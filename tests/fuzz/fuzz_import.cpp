// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of an old host, up to their plan. The first byte says what the rest is: passwd(5) with shadow(5) behind a
// NUL byte (p), users.conf (u), a SQLite file (s). An account that would be made has a sound name, a UID of its own in
// the range and a login that a password file can hold; of everything else there is a reason. What is said of an account
// is the same with another password.
#include "base/characters.h"
#include "base/names.h"
#include "hebergctl/import/import_plan.h"
#include "hebergctl/import/import_sources.h"
#include "sqlite/sqlite.h"
#include "support/temp_dir.h"
#include "tree/password.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace heberg;
using ctl::old_account;

constexpr std::uint32_t k_uid_min = 20000;
constexpr std::uint32_t k_uid_max = 59999;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<old_account> query(std::string_view bytes) {
  static const test::temp_dir folder;
  static const auto path = folder / "accounts.db";
  test::write_file(path, bytes);
  try {
    return ctl::query_accounts(path.string(), "SELECT * FROM accounts");
  } catch (const sqlite::error& error) {
    require(*error.what() != '\0');
  } catch (const std::runtime_error& error) {
    require(*error.what() != '\0');
  }
  return {};
}

std::vector<old_account> read(char kind, std::string_view text) {
  if (kind == 's') return query(text);
  if (kind == 'u') return ctl::parse_users_conf(text);
  const auto end = std::min(text.find('\0'), text.size());
  return ctl::parse_passwd(text.substr(0, end), text.substr(std::min(end + 1, text.size())));
}

// What is said about the accounts, without their passwords.
std::vector<std::string> sentences(const std::vector<ctl::import_step>& steps) {
  std::vector<std::string> said;
  for (const auto& step : steps) {
    said.push_back(step.from->fault + "; " + step.reason);
    said.insert(said.end(), step.notes.begin(), step.notes.end());
  }
  return said;
}

// Another password for each account that has one, and another hash.
void exchange_secrets(std::vector<old_account>& accounts) {
  for (auto& account : accounts) {
    const auto kind = tree::classify_line(account.line.view()).kind;
    if (kind == tree::line_kind::password) account.line = tree::secret("another password");
    if (kind == tree::line_kind::hash) account.line = tree::secret("$6$salt$" + std::string(86, 'a'));
  }
}

void check_made(const old_account& from, std::set<std::string>& names, std::set<std::uint32_t>& uids) {
  require(is_site_name(from.name) && names.insert(from.name).second && from.fault.empty());
  if (from.uid) require(*from.uid >= k_uid_min && *from.uid <= k_uid_max && uids.insert(*from.uid).second);
  require(std::ranges::none_of(from.home, is_control));
  const auto kind = tree::classify_line(from.line.view()).kind;
  if (from.kind == old_account::login::hash) require(kind == tree::line_kind::hash);
  if (from.kind == old_account::login::password) require(kind == tree::line_kind::password);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto accounts = read(static_cast<char>(data[0]), text);
  const std::vector<ledger::site> sites;
  const ctl::import_facts facts{
      .sites = sites, .complete = {}, .trees = {"taken"}, .uid_min = k_uid_min, .uid_max = k_uid_max, .copies = true};
  const auto steps = ctl::plan_import(accounts, facts);
  require(steps.size() == accounts.size());
  std::set<std::string> names;
  std::set<std::uint32_t> uids;
  for (const auto& step : steps) {
    const auto& from = *step.from;
    require(!from.where.empty());
    require((step.kind == ctl::import_step::what::conflict) == !step.reason.empty());
    if (step.kind == ctl::import_step::what::make) check_made(from, names, uids);
  }
  const auto said = sentences(steps);
  exchange_secrets(accounts);
  require(sentences(ctl::plan_import(accounts, facts)) == said);
  return 0;
}
