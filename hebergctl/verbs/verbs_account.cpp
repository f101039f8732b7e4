// SPDX-License-Identifier: LGPL-2.1-or-later
// Who gets in: lock, unlock, kick, passwd, keys.
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

using words = std::vector<std::string>;

subcommand add_site_verb(CLI::App& app, const char* name, const char* what, std::string& site) {
  subcommand verb(app, name, what);
  verb.add("SITE", site).required();
  return verb;
}

struct password_words {
  std::string site;
  bool from_input = false;
  bool is_hash = false;
  bool is_none = false;
};

int set_password(const command& given, const password_words& asked) {
  words arguments = {asked.is_none ? "none" : "generate"};
  if (asked.from_input || asked.is_hash) arguments = {asked.is_hash ? "hash" : "set", read_input_line()};
  const auto reply = ask(given, {"passwd", asked.site, "", arguments});
  if (!reply) return k_no_syncd;
  const auto made = text_field(reply->data, "password");
  if (given.json || made.empty()) return report(given, *reply);
  return print(made + "\n");
}

struct key_words {
  std::string site;
  std::string action;
  words rest;
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

// A key on the command line may come in quotes or as its words; else the lines of standard input, empty ones and
// comments aside.
words keys_to_add(const words& rest) {
  if (rest.empty()) {
    words lines;
    std::istringstream input(read_input());
    for (std::string line; std::getline(input, line);) {
      if (const auto first = line.find_first_not_of(" \t\r"); first != std::string::npos && line[first] != '#')
        lines.push_back(line);
    }
    return lines;
  }
  return {join(rest, " ")};
}

int change_keys(const command& given, const key_words& asked) {
  if (asked.action == "list") return list_keys(given, asked.site);
  auto arguments = asked.action == "add" ? keys_to_add(asked.rest) : asked.rest;
  if (arguments.empty()) return fail(k_usage, "keys " + asked.action + ": no key was given");
  arguments.insert(arguments.begin(), asked.action);
  return ask_and_report(given, {"keys", asked.site, "", std::move(arguments)});
}

}  // namespace

void add_account_verbs(CLI::App& app, command& given) {
  const auto site = std::make_shared<std::string>();
  const auto why = std::make_shared<std::string>();
  auto lock = add_site_verb(app, "lock", "Lock a site: no login, open sessions are cut", *site);
  lock.add("--why", *why, "The reason, kept with the lock").type("TEXT");
  lock.runs(given, [&given, site, why] { return ask_and_report(given, {"lock", *site, *why}); });
  add_site_verb(app, "unlock", "Let a locked site log in again", *site).runs(given, [&given, site] {
    return ask_and_report(given, {"unlock", *site});
  });
  add_site_verb(app, "kick", "Cut a site's open sessions", *site).runs(given, [&given, site] {
    return ask_and_report(given, {"kick", *site});
  });

  const auto password = std::make_shared<password_words>();
  auto passwd = add_site_verb(app, "passwd", "Give a site a new password; a made-up one is printed", password->site);
  const auto generate = passwd.add_flag("--generate", "Make one up (the default)");
  const auto input = passwd.add_flag("--stdin", password->from_input, "The password is standard input's first line");
  const auto hash = passwd.add_flag("--hash", password->is_hash, "Standard input's first line is its crypt(5) hash");
  const auto none = passwd.add_flag("--none", password->is_none, "No login by password any more; keys still work");
  generate.excludes(input).excludes(hash).excludes(none);
  input.excludes(hash).excludes(none);
  hash.excludes(none);
  passwd.runs(given, [&given, password] { return set_password(given, *password); });

  const auto key = std::make_shared<key_words>();
  auto keys =
      add_site_verb(app, "keys", "The sysadmin's SSH keys for a site (its owner has a file of his own)", key->site);
  keys.add("ACTION", key->action, "list, add [KEY] (else from standard input), remove FINGERPRINT…")
      .one_of({"list", "add", "remove"})
      .required();
  keys.add("WORDS", key->rest, "A public key, or fingerprints (SHA256:…)");
  keys.runs(given, [&given, key] { return change_keys(given, *key); });
}

}  // namespace heberg::ctl
