// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/files/preamble_template.h"

#include <algorithm>
#include <array>
#include <kainjow/mustache.hpp>
#include <string_view>

namespace heberg::proxy {
namespace {

namespace mustache = kainjow::mustache;

// Placeholders for what is put in later: neither our text nor a file has these bytes.
constexpr std::string_view k_generation = "\x01generation\x01";
constexpr std::string_view k_hosts = "\x01hosts\x01";

constexpr std::array<std::string_view, 10> k_known = {"notice",        "includes",   "maps",  "hash_sizes",
                                                      "unknown_names", "generation", "hosts", "http_port",
                                                      "https_port",    "ipv6"};

// The first tag with an unknown name: mustache replaces it by an empty text.
std::string find_unknown_tag(const std::string& text) {
  for (auto at = text.find("{{"); at != std::string::npos; at = text.find("{{", at)) {
    at = std::min(text.find_first_not_of("{&#^/ \t", at + 2), text.size());
    if (at < text.size() && text[at] == '!') continue;  // a comment
    const auto end = std::min(text.find_first_of("} \t\n", at), text.size());
    const auto name = text.substr(at, end - at);
    if (std::ranges::find(k_known, name) == k_known.end()) return name;
    at = end;
  }
  return {};
}

std::string render(mustache::mustache& parsed, const preamble_parts& parts) {
  mustache::data values;
  values.set("notice", parts.notice);
  values.set("includes", parts.includes);
  values.set("maps", parts.maps);
  values.set("hash_sizes", parts.hash_sizes);
  values.set("unknown_names", parts.unknown_names);
  values.set("generation", std::string(k_generation));
  values.set("hosts", std::string(k_hosts));
  values.set("http_port", std::to_string(parts.http_port));
  values.set("https_port", std::to_string(parts.https_port));
  values.set("ipv6", parts.ipv6);
  parsed.set_custom_escape([](const std::string& text) { return text; });  // nginx's text, not HTML
  return parsed.render(values);
}

}  // namespace

surrounding_text default_surrounding_text(const preamble_parts& parts) {
  return {.before = parts.notice + parts.includes + parts.maps + parts.hash_sizes + parts.unknown_names,
          .has_generation = true,
          .between = {},
          .after = {}};
}

std::string find_template_fault(const std::string& text) {
  const auto is_strange = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f;
  };
  if (std::ranges::any_of(text, is_strange)) return "has control characters";
  mustache::mustache parsed(text);
  if (!parsed.is_valid()) return "is not a mustache template: " + parsed.error_message();
  if (const auto unknown = find_unknown_tag(text); !unknown.empty()) return "has the unknown tag \"" + unknown + "\"";
  const auto filled = render(parsed, {});
  const auto hosts = filled.find(k_hosts);
  if (hosts == std::string::npos) return "has no {{{hosts}}}";
  if (filled.find(k_hosts, hosts + 1) != std::string::npos) return "has {{{hosts}}} more than once";
  const auto generation = filled.find(k_generation);
  if (generation == std::string::npos) return {};
  if (generation > hosts) return "has {{{generation}}} after {{{hosts}}}";
  if (filled.find(k_generation, generation + 1) != std::string::npos) return "has {{{generation}}} more than once";
  return {};
}

surrounding_text fill_template(const std::string& text, const preamble_parts& parts) {
  mustache::mustache parsed(text);
  const auto filled = render(parsed, parts);
  surrounding_text made;
  const auto hosts = filled.find(k_hosts);
  made.after = filled.substr(hosts + k_hosts.size());
  made.before = filled.substr(0, hosts);
  const auto generation = made.before.find(k_generation);
  made.has_generation = generation != std::string::npos;
  if (made.has_generation) {
    made.between = made.before.substr(generation + k_generation.size());
    made.before.resize(generation);
  }
  return made;
}

}  // namespace heberg::proxy
