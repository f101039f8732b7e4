// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/hosts.h"

#include "base/characters.h"
#include "site/values.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace heberg::site {
namespace {

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}
bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::string fold(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

// Why a label of a host name is invalid; empty where it is valid. RFC 952 does not allow the underscore, but many names
// have one.
std::string judge_label(std::string_view label) {
  if (label.empty()) return "has an empty label";
  if (label.size() > k_label_max) return "has a label longer than 63 bytes";
  if (label.front() == '-' || label.back() == '-') return "has a label that begins or ends with a hyphen";
  for (const char c : label) {
    if (is_letter_or_digit(c) || c == '-' || c == '_') continue;
    if (c == ':') return "contains a colon: set the port in VIRTUAL_PORT";
    if (c == '*') return "has a wildcard that is not the whole first or last label";
    return "contains a character other than letters, digits, hyphen, underscore and dot";
  }
  return {};
}

std::string judge_labels(std::string_view name) {
  for (;;) {
    const auto dot = name.find('.');
    if (auto reason = judge_label(name.substr(0, dot)); !reason.empty()) return reason;
    if (dot == std::string_view::npos) return {};
    name.remove_prefix(dot + 1);
  }
}

// vhost.d and htpasswd have files called HOST_location, HOST_SHA1 and, for a regular expression, SHA1: another host of
// such a name would read them.
std::string judge_likeness_to_a_file(std::string_view labels) {
  constexpr std::size_t k_sha1 = 40;                       // hexadecimal digits
  const auto last = labels.substr(labels.rfind('.') + 1);  // npos + 1 == 0
  if (last.find('_') != std::string_view::npos) return "has an underscore in its last label";
  if (labels.size() == k_sha1 && labels.find_first_not_of("0123456789abcdef") == std::string_view::npos)
    return "is like the SHA-1 of another host";
  return {};
}

std::variant<host, std::string> parse_name(std::string_view text) {
  std::string name = fold(text);
  if (name.back() == '.') name.pop_back();
  if (name.size() > k_host_max) return "is longer than 253 bytes";
  auto kind = host_kind::name;
  std::string_view labels = name;
  if (labels.starts_with("*.")) {
    kind = host_kind::leading_wildcard;
    labels.remove_prefix(2);
  } else if (labels.ends_with(".*")) {
    kind = host_kind::trailing_wildcard;
    labels.remove_suffix(2);
  }
  if (auto reason = judge_labels(labels); !reason.empty()) return reason;
  if (kind != host_kind::trailing_wildcard) {
    if (auto reason = judge_likeness_to_a_file(labels); !reason.empty()) return reason;
  }
  return host{kind, std::move(name)};
}

std::variant<host, std::string> parse_ipv6(std::string_view text) {
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  const std::string inside(text.substr(1, text.size() - 2));
  if (text.back() != ']' || inet_pton(AF_INET6, inside.c_str(), &address) != 1 ||
      inet_ntop(AF_INET6, &address, canonical.data(), canonical.size()) == nullptr) {
    return "is not an IPv6 address in brackets";
  }
  return host{host_kind::ipv6, "[" + std::string(canonical.data()) + "]"};
}

// nginx compiles the same text with the same library. A text that nginx would refuse, or that does more than match, is
// refused here.
std::variant<host, std::string> parse_regex(std::string_view text) {
  if (auto reason = judge_regex(text.substr(1), true); !reason.empty()) return reason;
  return host{host_kind::regex, std::string(text)};
}

// An international name in its xn-- form (RFC 5891, with Unicode's TR 46); a wildcard stays one.
std::variant<host, std::string> parse_international(std::string_view text) {
  std::string before, after;
  if (text.starts_with("*.")) {
    before = "*.";
    text.remove_prefix(2);
  } else if (text.ends_with(".*")) {
    after = ".*";
    text.remove_suffix(2);
  }
  if (text.size() > 4 * k_host_max) return "is longer than 253 bytes";
  const std::string name(text);
  std::uint8_t* converted = nullptr;
  const int error = ::idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(name.c_str()), &converted,
                                     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (error != IDN2_OK) return "is not a valid international name: " + std::string(::idn2_strerror(error));
  std::string ascii = before + reinterpret_cast<const char*>(converted) + after;
  ::idn2_free(converted);
  // Unicode has dots, commas and brackets that become those of ASCII: the result is checked like any other name.
  return parse_name(ascii);
}

}  // namespace

std::string printable(std::string_view value, std::size_t longest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : value.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_control(c) || !is_ascii(c)) {
      text.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    } else {
      text += c;
    }
  }
  if (value.size() > longest) text += "...";
  return text;
}

std::variant<host, std::string> parse_host(std::string_view text) {
  if (text.empty()) return "is empty";
  if (std::ranges::any_of(text, is_control)) return "contains a control character";
  if (!std::ranges::all_of(text, is_ascii)) {
    if (text.front() != '~') return parse_international(text);
    return "is not ASCII: a regular expression is matched against the xn-- form of an international name";
  }
  if (text.front() == '~') return parse_regex(text);
  if (text.front() == '[') return parse_ipv6(text);
  return parse_name(text);
}

std::variant<std::vector<host>, refused_value> virtual_hosts(const docker::container& container) {
  constexpr variable variable = "VIRTUAL_HOST";
  std::vector<host> hosts;
  const auto* value = find_value(container, variable);
  if (value == nullptr) return hosts;

  std::string_view rest = *value;
  for (bool more = true; more;) {
    const auto comma = rest.find(',');
    const auto piece = trim(rest.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) rest.remove_prefix(comma + 1);
    if (piece.empty()) continue;
    if (hosts.size() == k_hosts_max) return refuse(variable, *value, "contains more than 256 names");
    auto parsed = parse_host(piece);
    if (auto* reason = std::get_if<std::string>(&parsed)) return refuse(variable, piece, std::move(*reason));
    hosts.push_back(std::get<host>(std::move(parsed)));
    if (std::ranges::count(hosts, host_kind::regex, &host::kind) > std::ptrdiff_t{k_regexes_max})
      return refuse(variable, *value,
                    "contains more than 16 regular expressions: use names, or wildcards such as *.example.org");
  }
  std::ranges::sort(hosts);
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  return hosts;
}

std::variant<std::uint16_t, refused_value> virtual_port(const docker::container& container) {
  constexpr variable variable = "VIRTUAL_PORT";
  if (const auto text = read_value(container, variable); !text.empty()) {
    const auto number = parse_number(text, 1, 65535);
    if (!number) return refuse(variable, text, "is not a port from 1 to 65535");
    return static_cast<std::uint16_t>(*number);
  }
  return exposed_port(container);
}

std::variant<std::uint16_t, refused_value> exposed_port(const docker::container& container) {
  if (container.host_network) return refuse("VIRTUAL_PORT", "", "must be set: the container is on the host's network");

  const auto is_tcp = [](const docker::port& port) { return port.protocol == "tcp"; };
  const auto only = std::ranges::find_if(container.exposed_ports, is_tcp);
  if (only == container.exposed_ports.end() || only->number == 0 ||
      std::ranges::count_if(container.exposed_ports, is_tcp) > 1) {
    return std::uint16_t{80};
  }
  return only->number;
}

}  // namespace heberg::site
