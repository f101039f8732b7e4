// SPDX-License-Identifier: LGPL-2.1-or-later
// The preamble of nginx's text and what follows the hosts, as a mustache template of the sysadmin's (mustache(5),
// conf.d/frame.mustache). Pure.
//
//   {{{notice}}}        that the file is written by a program
//   {{{includes}}}      conf.d/*.conf
//   {{{maps}}}          the maps and the log format that the hosts' text needs
//   {{{hash_sizes}}}    room for the longest host name; empty where nginx's own configuration sets it
//   {{{unknown_names}}} the server for unknown host names
//   {{{generation}}}    the server that is asked after a reload (render/generation.h); before the hosts
//   {{{hosts}}}         all hosts: once, and not in a section
//   {{http_port}} {{https_port}}, {{#ipv6}} … {{/ipv6}}: as the settings say
#pragma once

#include <cstdint>
#include <string>

namespace heberg::proxy {

struct preamble_parts {
  std::string notice, includes, maps, hash_sizes, unknown_names;
  std::uint16_t http_port = 0;
  std::uint16_t https_port = 0;
  bool ipv6 = false;
};

// The text around the two parts that are rendered later: before [generation] between [hosts] after.
struct surrounding_text {
  std::string before;
  bool has_generation = true;
  std::string between;
  std::string after;
};

// The text without a template.
[[nodiscard]] surrounding_text default_surrounding_text(const preamble_parts& parts);

// Why a text is not such a template; empty: it is one.
[[nodiscard]] std::string find_template_fault(const std::string& text);

// The template must have no fault.
[[nodiscard]] surrounding_text fill_template(const std::string& text, const preamble_parts& parts);

}  // namespace heberg::proxy
