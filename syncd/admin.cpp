// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/admin.h"

#include "syncd/accounts/account_manager.h"
#include "syncd/accounts/host.h"
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

reply to_reply(const admin_result& result, const json& data = nullptr) {
  switch (result.what) {
    case admin_result::done:
      return done(result.text, data);
    case admin_result::refused:
      return {failure::refused, result.text};
    case admin_result::failed:
      break;
  }
  return {failure::internal, result.text};
}

reply lock(account_manager& accounts, const host_access&, const request& asked) {
  return to_reply(accounts.admin().lock(asked.site, asked.why));
}

reply unlock(account_manager& accounts, const host_access&, const request& asked) {
  return to_reply(accounts.admin().unlock(asked.site));
}

reply kick(account_manager& accounts, const host_access& host, const request& asked) {
  const auto count = host.sessions.cut_sessions({accounts.sites().at(asked.site).uid});
  return done(asked.site + ": " + std::to_string(count) + " session processes ended", {{"ended", count}});
}

// "generate"; "set" or "hash", with a password; "none".
reply set_password(account_manager& accounts, const host_access& host, const request& asked) {
  const auto is = [&](std::string_view kind, bool has_text) {
    return asked.arguments.size() == 1 && asked.arguments[0] == kind && asked.password.has_value() == has_text;
  };
  const bool is_generated = is("generate", false);
  const bool is_hash = is("hash", true);
  const bool is_none = is("none", false);
  if (!is_generated && !is_hash && !is_none && !is("set", true))
    return {failure::bad_request,
            "invalid arguments of passwd: use generate or none, or set or hash with a password behind the JSON"};

  tree::secret made = is_generated ? tree::generate_password() : tree::secret("*");
  const auto& line = asked.password ? *asked.password : made;
  const auto [kind, reason] = tree::classify_line(line.view());
  if (line.view().find('\n') != std::string_view::npos)
    return {failure::refused, "invalid password: it has more than one line"};
  if (!is_none && kind != (is_hash ? tree::line_kind::hash : tree::line_kind::password)) {
    return {failure::refused, !reason.empty() ? "invalid password or hash: " + reason
                              : is_hash       ? "invalid hash: it is not a crypt(5) hash"
                                        : "invalid password: it is empty, or means that login is off, or is a hash"};
  }
  host.trees.make_tree(asked.site, accounts.sites().at(asked.site).uid);
  host.files.store_password(asked.site, line);
  accounts.passwords().touch(asked.site);
  if (is_none) return done(asked.site + ": password login is off");
  if (!is_generated) return done(asked.site + ": password set");
  auto result = done(asked.site + ": password made");
  result.password = std::move(made);
  return result;
}

// "add" LINE…; "remove" FINGERPRINT…
reply change_keys(account_manager& accounts, const host_access& host, const request& asked) {
  const auto& arguments = asked.arguments;
  if (arguments.size() < 2 || (arguments[0] != "add" && arguments[0] != "remove"))
    return {failure::bad_request, "invalid arguments of keys: use add KEY..., or remove FINGERPRINT..."};
  host.trees.make_tree(asked.site, accounts.sites().at(asked.site).uid);
  const auto before = host.files.read_keys(asked.site);
  auto text = before;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[0] == "remove") {
      text = tree::remove_key(text, arguments[i]);
      continue;
    }
    const auto parsed = tree::parse_public_key(arguments[i]);
    if (const auto* bad = std::get_if<tree::bad_key>(&parsed))
      return {failure::refused, "key " + std::to_string(i) + " " + bad->reason + "; nothing was changed"};
    text = tree::add_key(text, std::get<tree::public_key>(parsed));
  }
  if (text == before && arguments[0] == "remove") return {failure::refused, asked.site + ": no such key"};
  if (text != before) host.files.store_keys(asked.site, text);
  const auto count = tree::parse_keys(text).size();
  return done(asked.site + ": " + std::to_string(count) + (count == 1 ? " key" : " keys"), {{"keys", count}});
}

// "uid" UID: that UID where it is free, and no tree.
reply reserve(account_manager& accounts, const host_access&, const request& asked) {
  const auto& arguments = asked.arguments;
  std::optional<std::uint32_t> requested_uid;
  if (arguments.size() == 2 && arguments[0] == "uid") {
    const auto [end, error] =
        std::from_chars(arguments[1].data(), arguments[1].data() + arguments[1].size(), requested_uid.emplace());
    if (error != std::errc() || end != arguments[1].data() + arguments[1].size())
      return {failure::bad_request, "invalid UID: it is not a number"};
  } else if (!arguments.empty()) {
    return {failure::bad_request, "invalid arguments of reserve: use uid UID, or none"};
  }
  const auto result = accounts.admin().reserve(asked.site, requested_uid);
  const auto row = accounts.sites().find(asked.site);
  return to_reply(result, row == accounts.sites().end() ? json() : json{{"uid", row->second.uid}});
}

// "tree": the tree too is moved to another name, and hebergctl removes it.
reply purge(account_manager& accounts, const host_access&, const request& asked) {
  const bool with_tree = asked.arguments == std::vector<std::string>{"tree"};
  const auto result = accounts.admin().purge(
      asked.site, with_tree ? account_admin::tree_fate::moved_away : account_admin::tree_fate::stays);
  return to_reply(result, with_tree ? json{{"aside", tree::purged_name(asked.site)}} : json());
}

reply rename(account_manager& accounts, const host_access&, const request& asked) {
  if (asked.arguments.size() != 1) return {failure::bad_request, "invalid arguments of rename: use the new name"};
  return to_reply(accounts.admin().rename(asked.site, asked.arguments[0]));
}

json first_of(const std::map<std::string, std::string>& problems) {
  json first = json::object();
  for (const auto& [who, why] : problems) {
    if (first.size() == 20) break;  // an answer is one line of bounded length
    first[who] = why.substr(0, 200);
  }
  return first;
}

reply status(account_manager& accounts, const host_access&, const request&) {
  const auto refused = first_of(accounts.refused());
  return done(std::to_string(accounts.count_accounts()) + " accounts", {{"engine", accounts.is_in_touch()},
                                                                        {"accounts", accounts.count_accounts()},
                                                                        {"refused", accounts.count_refused()},
                                                                        {"publishing_fails", accounts.has_failed()},
                                                                        {"reasons", refused}});
}

enum class request_target { none, known_site, any_site };

struct verb {
  const char* name;
  request_target target;
  reply (*act)(account_manager&, const host_access&, const request&);
};
constexpr std::array<verb, 9> k_verbs = {{
    {"keys", request_target::known_site, change_keys},
    {"kick", request_target::known_site, kick},
    {"lock", request_target::known_site, lock},
    {"passwd", request_target::known_site, set_password},
    {"purge", request_target::known_site, purge},
    {"rename", request_target::known_site, rename},
    {"reserve", request_target::any_site, reserve},
    {"status", request_target::none, status},
    {"unlock", request_target::known_site, unlock},
}};

}  // namespace

void add_problems(control::reply& to, const char* name, const std::map<std::string, std::string>& problems) {
  auto data = json::parse(to.data, nullptr, false);
  if (!data.is_object()) return;
  data[name] = first_of(problems);
  to.data = data.dump(-1, ' ', true, json::error_handler_t::replace);
}

reply answer_admin(account_manager& accounts, const host_access& host, const request& asked) {
  for (const auto& verb : k_verbs) {
    if (asked.verb != verb.name) continue;
    if (verb.target == request_target::known_site && !accounts.sites().contains(asked.site))
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
