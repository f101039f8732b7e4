// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/endpoint.h"

#include <sys/un.h>

#include <charconv>
#include <stdexcept>

namespace heberg::docker {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
  throw std::invalid_argument("engine \"" + std::string(text) + "\": " + std::string(reason));
}

std::uint16_t parse_port(std::string_view whole, std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0)
    refuse(whole, "the port is not 1 to 65535");
  return port;
}

tcp_endpoint parse_tcp(std::string_view whole, std::string_view rest) {
  if (rest.ends_with('/')) rest.remove_suffix(1);  // docker(1) takes it
  tcp_endpoint result;
  if (rest.starts_with('[')) {  // an IPv6 address
    const auto close = rest.find(']');
    if (close == std::string_view::npos) refuse(whole, "\"]\" is missing");
    result.host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (!rest.empty() && !rest.starts_with(':')) refuse(whole, "wants tcp://HOST:PORT");
  } else {
    const auto colon = rest.find(':');
    result.host = rest.substr(0, colon);
    rest.remove_prefix(result.host.size());
  }
  if (result.host.empty() || result.host.find_first_of("/@? ") != std::string::npos)
    refuse(whole, "wants tcp://HOST:PORT");
  if (!rest.empty()) result.port = parse_port(whole, rest.substr(1));
  return result;
}

}  // namespace

endpoint parse_endpoint(std::string_view text) {
  if (text.starts_with("unix:///") && text.size() > 8) {
    unix_endpoint result{std::string(text.substr(7))};
    if (result.path.size() >= sizeof(sockaddr_un::sun_path)) refuse(text, "the path is too long for a socket");
    return result;
  }
  if (text.starts_with("tcp://")) return parse_tcp(text, text.substr(6));
  refuse(text, "wants unix:///PATH or tcp://HOST:PORT");
}

}  // namespace heberg::docker
