// SPDX-License-Identifier: LGPL-2.1-or-later
// Logins to a site: lock, unlock, kick, passwd, keys.
#include "base/join.h"
#include "hebergctl/command.h"
#include "hebergctl/trees.h"
#include "hebergctl/verbs/subcommand.h"
#include "program/log.h"
#include "tree/admin_files.h"
#include "tree/keys.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace heberg::ctl {
namespace {

using texts = std::vector<std::string>;

std::shared_ptr<std::string> add_site(subcommand& verb) {
  auto site = std::make_shared<std::string>();
  verb.add("SITE", *site).required();
  return site;
}

struct password_options {
  std::string site;
  bool from_input = false;
  bool is_hash = false;
  bool is_none = false;
};

int set_password(const command& given, const password_options& asked) {
  control::request request{"passwd", asked.site, "", {asked.is_none ? "none" : "generate"}};
  if (asked.from_input || asked.is_hash) {
    request.arguments = {asked.is_hash ? "hash" : "set"};
    request.password = read_input_secret();
  }
  auto reply = ask(given, request);
  if (!reply) return k_no_syncd;
  const auto& made = reply->password;
  if (made.empty()) return report(given, *reply);
  if (!given.json) return print(std::string(made.view()) + "\n");
  reply->data = nlohmann::json{{"password", made.view()}}.dump();
  return report(given, *reply);
}

struct key_options {
  std::string site;
  std::string action;
  texts rest;
};

int list_keys(const command& given, const std::string& site) {
  const auto keys = tree::parse_keys(read_keys_of(load(given.common), site));
  if (!given.json) {
    std::string text;
    for (const auto& key : keys) text += key.fingerprint + "  " + key.type + "  " + escape_line(key.comment) + "\n";
    return print(text);
  }
  auto array = nlohmann::ordered_json::array();
  for (const auto& key : keys)
    array.push_back({{"fingerprint", key.fingerprint}, {"type", key.type}, {"comment", key.comment}});
  return print(array.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

// A key on the command line may be one quoted argument or several. Without one: the lines of standard input, without
// empty lines and comments.
texts keys_to_add(const texts& rest) {
  if (rest.empty()) {
    texts lines;
    std::istringstream input(read_input());
    for (std::string line; std::getline(input, line);) {
      if (const auto first = line.find_first_not_of(" \t\r"); first != std::string::npos && line[first] != '#')
        lines.push_back(line);
    }
    return lines;
  }
  return {join(rest, " ")};
}

int change_keys(const command& given, const key_options& asked) {
  if (asked.action == "list") return list_keys(given, asked.site);
  auto arguments = asked.action == "add" ? keys_to_add(asked.rest) : asked.rest;
  if (arguments.empty())
    return fail(k_usage, asked.action == "add" ? "keys add: no key given: pass it as an argument or on standard input"
                                               : "keys remove: no fingerprint given");
  arguments.insert(arguments.begin(), asked.action);
  return ask_and_report(given, {"keys", asked.site, "", std::move(arguments)});
}

}  // namespace

void add_lock(subcommand& verb, command& given) {
  const auto site = add_site(verb);
  const auto why = std::make_shared<std::string>();
  verb.add("--why", *why, "The reason, stored with the lock").type("TEXT");
  verb.runs(given, [&given, site, why] { return ask_and_report(given, {"lock", *site, *why}); });
}

void add_unlock(subcommand& verb, command& given) {
  const auto site = add_site(verb);
  verb.runs(given, [&given, site] { return ask_and_report(given, {"unlock", *site}); });
}

void add_kick(subcommand& verb, command& given) {
  const auto site = add_site(verb);
  verb.runs(given, [&given, site] { return ask_and_report(given, {"kick", *site}); });
}

void add_passwd(subcommand& verb, command& given) {
  const auto options = std::make_shared<password_options>();
  verb.add("SITE", options->site).required();
  const auto generate = verb.add_flag("--generate", "Generate a password and print it (the default)");
  const auto input = verb.add_flag("--stdin", options->from_input, "Read the password from the first line of stdin");
  const auto hash = verb.add_flag("--hash", options->is_hash, "Read its crypt(5) hash from the first line of stdin");
  const auto none = verb.add_flag("--none", options->is_none, "Disable password logins; SSH keys keep working");
  generate.excludes(input).excludes(hash).excludes(none);
  input.excludes(hash).excludes(none);
  hash.excludes(none);
  verb.runs(given, [&given, options] { return set_password(given, *options); });
}

void add_keys(subcommand& verb, command& given) {
  const auto options = std::make_shared<key_options>();
  verb.add("SITE", options->site).required();
  verb.add("ACTION", options->action, "list, add [KEY] (default: from stdin), remove FINGERPRINT…")
      .one_of({"list", "add", "remove"})
      .required();
  verb.add("KEY", options->rest, "A public key, or fingerprints (SHA256:…)");
  verb.runs(given, [&given, options] { return change_keys(given, *options); });
}

}  // namespace heberg::ctl
