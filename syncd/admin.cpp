// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/admin.h"

#include "syncd/accounts/keeper.h"
#include "tree/keys.h"
#include "tree/layout.h"
#include "tree/password.h"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <exception>
#include <utility>

namespace heberg::syncd {
namespace {

using control::failure;
using control::reply;
using control::request;
using json = nlohmann::ordered_json;

reply done(const std::string& message, const json& data = nullptr) {
  return {failure::none, message, data.is_object() ? data.dump(-1, ' ', true, json::error_handler_t::replace) : ""};
}

reply to_reply(const keeper::outcome& outcome, const json& data = nullptr) {
  switch (outcome.what) {
    case keeper::outcome::done:
      return done(outcome.text, data);
    case keeper::outcome::refused:
      return {failure::refused, outcome.text};
    case keeper::outcome::failed:
      break;
  }
  return {failure::internal, outcome.text};
}

reply lock(keeper& accounts, machine&, const request& asked) {
  const auto problem = accounts.lock(asked.site, asked.why);
  if (!problem.empty()) return {failure::internal, asked.site + ": " + problem};
  return done(asked.site + ": locked, its sessions are cut");
}

reply unlock(keeper& accounts, machine&, const request& asked) {
  const auto problem = accounts.unlock(asked.site);
  if (!problem.empty()) return {failure::internal, asked.site + ": " + problem};
  return done(asked.site + ": unlocked");
}

reply kick(keeper& accounts, machine& host, const request& asked) {
  const auto count = host.cut_sessions({accounts.sites().at(asked.site).uid});
  return done(asked.site + ": " + std::to_string(count) + " session processes ended", {{"ended", count}});
}

// "generate"; "set" PASSWORD; "hash" HASH.
reply set_password(keeper& accounts, machine& host, const request& asked) {
  const auto& words = asked.arguments;
  const bool is_generated = words.size() == 1 && words[0] == "generate";
  const bool is_hash = words.size() == 2 && words[0] == "hash";
  const bool is_none = words == std::vector<std::string>{"none"};
  if (!is_generated && !is_hash && !is_none && !(words.size() == 2 && words[0] == "set"))
    return {failure::bad_request, "passwd wants: generate, set PASSWORD, hash HASH, or none"};

  const tree::secret line = is_generated ? tree::generate_password() : tree::secret(is_none ? "*" : words[1]);
  const auto [kind, reason] = tree::judge_line(line.view());
  if (line.view().find('\n') != std::string_view::npos) return {failure::refused, "a password is one line"};
  if (!is_none && kind != (is_hash ? tree::line_kind::hash : tree::line_kind::password)) {
    return {failure::refused, !reason.empty() ? "that is refused: " + reason
                              : is_hash       ? "that is no crypt(5) hash"
                                              : "that is no password, but a hash or nothing at all"};
  }
  host.make_tree(asked.site, accounts.sites().at(asked.site).uid);
  host.store_password(asked.site, line);
  accounts.touch_password(asked.site);
  if (is_none) return done(asked.site + ": no login by password any more");
  if (!is_generated) return done(asked.site + ": password set");
  return done(asked.site + ": password made", {{"password", line.view()}});
}

// "add" LINE…; "remove" FINGERPRINT.
reply change_keys(keeper& accounts, machine& host, const request& asked) {
  const auto& words = asked.arguments;
  if (words.size() < 2 || (words[0] != "add" && words[0] != "remove"))
    return {failure::bad_request, "keys wants: add KEY, or remove FINGERPRINT"};
  host.make_tree(asked.site, accounts.sites().at(asked.site).uid);
  const auto before = host.read_keys(asked.site);
  auto text = before;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[0] == "remove") {
      text = tree::remove_key(text, words[i]);
      continue;
    }
    const auto parsed = tree::parse_public_key(words[i]);
    if (const auto* bad = std::get_if<tree::bad_key>(&parsed))
      return {failure::refused, "key " + std::to_string(i) + " " + bad->reason + "; nothing was changed"};
    text = tree::add_key(text, std::get<tree::public_key>(parsed));
  }
  if (text == before && words[0] == "remove") return {failure::refused, asked.site + ": has no such key"};
  if (text != before) host.store_keys(asked.site, text);
  const auto count = tree::parse_keys(text).size();
  return done(asked.site + ": " + std::to_string(count) + (count == 1 ? " key" : " keys"), {{"keys", count}});
}

// "uid" UID: that one where it is nobody's, and no tree.
reply reserve(keeper& accounts, machine&, const request& asked) {
  const auto& words = asked.arguments;
  std::optional<std::uint32_t> wished;
  if (words.size() == 2 && words[0] == "uid") {
    const auto [end, error] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), wished.emplace());
    if (error != std::errc() || end != words[1].data() + words[1].size())
      return {failure::bad_request, "reserve wants a number behind uid"};
  } else if (!words.empty()) {
    return {failure::bad_request, "reserve wants: uid UID, or nothing"};
  }
  const auto outcome = accounts.reserve(asked.site, wished);
  const auto row = accounts.sites().find(asked.site);
  return to_reply(outcome, row == accounts.sites().end() ? json() : json{{"uid", row->second.uid}});
}

// "tree": the tree goes too; it is moved aside, hebergctl removes it.
reply purge(keeper& accounts, machine&, const request& asked) {
  const bool with_tree = asked.arguments == std::vector<std::string>{"tree"};
  const auto outcome = accounts.purge(asked.site, with_tree ? keeper::tree_fate::aside : keeper::tree_fate::stays);
  return to_reply(outcome, with_tree ? json{{"aside", tree::purged_name(asked.site)}} : json());
}

reply rename(keeper& accounts, machine&, const request& asked) {
  if (asked.arguments.size() != 1) return {failure::bad_request, "rename wants the new name"};
  return to_reply(accounts.rename(asked.site, asked.arguments[0]));
}

reply status(keeper& accounts, machine&, const request&) {
  json refused = json::object();
  for (const auto& [who, why] : accounts.refused()) {
    if (refused.size() == 20) break;  // an answer is one line of bounded length
    refused[who] = why.substr(0, 200);
  }
  return done(std::to_string(accounts.count_accounts()) + " accounts", {{"engine", accounts.is_in_touch()},
                                                                        {"accounts", accounts.count_accounts()},
                                                                        {"refused", accounts.count_refused()},
                                                                        {"publishing_fails", accounts.has_failed()},
                                                                        {"reasons", refused}});
}

enum class about { nobody, known_site, any_site };

struct verb {
  const char* name;
  about whom;
  reply (*act)(keeper&, machine&, const request&);
};
constexpr std::array<verb, 9> k_verbs = {{
    {"keys", about::known_site, change_keys},
    {"kick", about::known_site, kick},
    {"lock", about::known_site, lock},
    {"passwd", about::known_site, set_password},
    {"purge", about::known_site, purge},
    {"rename", about::known_site, rename},
    {"reserve", about::any_site, reserve},
    {"status", about::nobody, status},
    {"unlock", about::known_site, unlock},
}};

}  // namespace

reply answer_admin(keeper& accounts, machine& host, const request& asked) {
  for (const auto& verb : k_verbs) {
    if (asked.verb != verb.name) continue;
    if (verb.whom == about::known_site && !accounts.sites().contains(asked.site))
      return {failure::no_such_site, "no such site: " + asked.site};
    try {
      return verb.act(accounts, host, asked);
    } catch (const std::exception& error) {
      return {failure::internal, asked.site + ": " + error.what()};
    }
  }
  return {failure::bad_request, "no such verb: " + asked.verb};
}

}  // namespace heberg::syncd
