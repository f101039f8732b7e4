// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's own frame of the text: what is around the hosts, as a mustache template (mustache(5)). Pure.
//
//   {{{notice}}}        that the file is written by a program
//   {{{includes}}}      conf.d/*.conf
//   {{{maps}}}          the maps and the log format that the hosts' text needs
//   {{{hash_sizes}}}    room for the longest host name; empty where nginx's own configuration sets it
//   {{{unknown_names}}} the server for names that nobody serves
//   {{{generation}}}    what nginx is asked for after a reload (confirm.h); before the hosts
//   {{{hosts}}}         all hosts: once, and not in a section
//   {{http_port}} {{https_port}}, {{#ipv6}} … {{/ipv6}}: as the settings say
#pragma once

#include <cstdint>
#include <string>

namespace heberg::proxy {

struct frame_parts {
  std::string notice, includes, maps, hash_sizes, unknown_names;
  std::uint16_t http_port = 0;
  std::uint16_t https_port = 0;
  bool ipv6 = false;
};

// What stands around what is not known yet: before [generation] between [hosts] after.
struct framing {
  std::string before;
  bool has_generation = true;
  std::string between;
  std::string after;
};

// The frame without a template.
[[nodiscard]] framing frame_of(const frame_parts& parts);

// Why a text is no such template; empty: it is one.
[[nodiscard]] std::string find_template_fault(const std::string& text);

// The template must have no fault.
[[nodiscard]] framing fill_template(const std::string& text, const frame_parts& parts);

}  // namespace heberg::proxy
