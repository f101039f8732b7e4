// SPDX-License-Identifier: LGPL-2.1-or-later
// The protocol between hebergctl and syncd on syncd's control socket (docs/formats.md, "The control socket"): one JSON
// document a line, one request and one reply a connection. A password is behind the document, so that it never passes
// through the JSON library, which leaves copies of what it parses in freed memory. Pure: text to values and back.
#pragma once

#include "base/secret.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::control {

inline constexpr char k_default_socket[] = "/run/heberg/control.sock";
inline constexpr std::size_t k_max_line = 64 * 1024;  // bytes, newline included; both directions

struct request {
  std::string verb;                         // "lock", "passwd", … (syncd/admin.cpp)
  std::string site;                         // empty for "sync" and "status"; for "rotate": all
  std::string why = {};                     // "lock": the reason, shown to the sysadmin
  std::vector<std::string> arguments = {};  // the verb's other arguments
  std::optional<secret> password = {};      // "passwd" set and hash: one line
  bool operator==(const request&) const = default;
};

// Why a request was refused; hebergctl's exit codes follow from it.
enum class failure {
  none,
  bad_request,
  no_such_site,
  refused,  // a rule forbids it: the site has a container, the name is taken
  internal,
};

struct reply {
  failure error = failure::none;
  std::string message;    // for a person: what was done, or why not
  std::string data = {};  // for a program: a JSON object's text, or empty
  secret password = {};   // the one that was generated; empty: none
  bool operator==(const reply&) const = default;
};

// With the newline. data that is no JSON object is left out. The text holds the password: wipe() it. Throws
// std::invalid_argument for a password of several lines.
[[nodiscard]] std::string encode(const request& request);
[[nodiscard]] std::string encode(const reply& reply);
void wipe(std::string& text) noexcept;  // its whole buffer

// nullopt for what is not such a document: not JSON, too long, too deep, a field of another type, a missing verb.
[[nodiscard]] std::optional<request> parse_request(std::string_view line);
[[nodiscard]] std::optional<reply> parse_reply(std::string_view line);

}  // namespace heberg::control
