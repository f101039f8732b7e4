// SPDX-License-Identifier: LGPL-2.1-or-later
// The host names and the port of a container: VIRTUAL_HOST and VIRTUAL_PORT, with nginx-proxy's meaning where it is
// sound. Pure: values in, values or a reason out. A parsed host is safe for nginx once it is quoted
// (proxy-render/nginx/quote.h), and canonical: two spellings of one name are equal.
#pragma once

#include "docker/container.h"
#include "site/variables/variables.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace heberg::site {

inline constexpr std::size_t k_host_max = 253;   // bytes, RFC 1035 without the trailing dot
inline constexpr std::size_t k_label_max = 63;   // bytes between two dots
inline constexpr std::size_t k_regex_max = 255;  // bytes
inline constexpr std::size_t k_hosts_max = 256;  // names of one container
// Of those and of its paths, in all: nginx tries one after the other at each request, of any site where it is a name.
inline constexpr std::size_t k_regexes_max = 16;

enum class host_kind {
  name,               // www.example.org, 192.0.2.1: letters, digits, hyphen, underscore
  ipv6,               // [2001:db8::1], as inet_ntop(3) writes it
  leading_wildcard,   // *.example.org
  trailing_wildcard,  // www.example.*
  regex,              // ~^www\d+\.example\.org$: PCRE2 compiles it, its beginning is anchored, it names no group
};

struct host {
  host_kind kind = host_kind::name;
  std::string text;  // in nginx's notation, the regex with its "~"
  auto operator<=>(const host&) const = default;
};

// One name, already trimmed; or the reason why it is not a host name, which continues a sentence: "is empty".
[[nodiscard]] std::variant<host, std::string> parse_host(std::string_view text);

// The container's VIRTUAL_HOST: a comma list, in which blanks and empty items are ignored. Sorted, without duplicates;
// empty where the container requests no host. One invalid item refuses the whole value.
[[nodiscard]] std::variant<std::vector<host>, refused_value> virtual_hosts(const docker::container& container);

// The container's VIRTUAL_PORT (whether it is exposed or not), else its only exposed TCP port, else 80. For a container
// on the host's network no port can be guessed: it must set VIRTUAL_PORT.
[[nodiscard]] std::variant<std::uint16_t, refused_value> virtual_port(const docker::container& container);

// The same without VIRTUAL_PORT.
[[nodiscard]] std::variant<std::uint16_t, refused_value> exposed_port(const docker::container& container);

// Printable ASCII, other bytes as \xNN, cut after `longest` bytes of the value.
[[nodiscard]] std::string printable(std::string_view value, std::size_t longest = 100);

}  // namespace heberg::site
