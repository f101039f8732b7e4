// SPDX-License-Identifier: LGPL-2.1-or-later
// Containers as a few lines of text, for tests that want many of them and want to show them:
//
//   container web-1
//     env VIRTUAL_HOST=www.example.org     \n and \xNN are bytes
//     port 80/tcp
//     network bridge 172.17.0.2            or an IPv6 address; no address: "-"
//     state exited                         default: running
//     health unhealthy                     or starting, healthy
//     label heberg.site=a
//     mount /sites/a/www
//     host-network
//
// Those further up are older. The image is "app" unless `image` says so.
#pragma once

#include "docker/watcher.h"

#include <charconv>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace heberg::test {

inline std::string unescape(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "\\n") {
      bytes += '\n';
      ++i;
    } else if (text.substr(i, 2) == "\\x" && i + 3 < text.size()) {
      unsigned byte = 0;
      std::from_chars(text.data() + i + 2, text.data() + i + 4, byte, 16);
      bytes += static_cast<char>(byte);
      i += 3;
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

inline docker::container_state parse_state(std::string_view text) {
  using enum docker::container_state;
  if (text == "created") return created;
  if (text == "paused") return paused;
  if (text == "restarting") return restarting;
  if (text == "exited") return exited;
  if (text == "running") return running;
  throw std::invalid_argument("state " + std::string(text));
}

inline docker::health parse_health(std::string_view text) {
  if (text == "starting") return docker::health::starting;
  if (text == "healthy") return docker::health::healthy;
  if (text == "unhealthy") return docker::health::unhealthy;
  throw std::invalid_argument("health " + std::string(text));
}

inline void add_line(docker::container& to, const std::string& word, const std::string& rest) {
  const auto equals = rest.find('=');
  const auto blank = rest.find(' ');
  if (word == "env") {
    to.environment.emplace_back(rest.substr(0, equals), unescape(std::string_view(rest).substr(equals + 1)));
  } else if (word == "label") {
    to.labels[rest.substr(0, equals)] = unescape(std::string_view(rest).substr(equals + 1));
  } else if (word == "port") {
    to.exposed_ports.push_back({static_cast<std::uint16_t>(std::stoi(rest)), rest.substr(rest.find('/') + 1)});
  } else if (word == "network") {
    docker::network network{.name = rest.substr(0, blank), .id = {}, .ipv4 = {}, .ipv6 = {}};
    const auto address = rest.substr(blank + 1);
    if (address != "-") (address.find(':') == std::string::npos ? network.ipv4 : network.ipv6) = address;
    to.networks.push_back(network);
  } else if (word == "state") {
    to.state = parse_state(rest);
  } else if (word == "health") {
    to.health = parse_health(rest);
  } else if (word == "image") {
    to.image = rest;
  } else if (word == "mount") {
    to.mounts.push_back({.type = "bind", .name = {}, .source = rest, .destination = "/var/www/html"});
  } else if (word == "host-network") {
    to.host_network = true;
  } else {
    throw std::invalid_argument("line " + word + " " + rest);
  }
}

inline docker::containers parse_containers(const std::string& text) {
  docker::containers all;
  docker::container* last = nullptr;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    std::string rest;
    words >> word >> std::ws;
    std::getline(words, rest);
    if (word.empty() || word.front() == '#') continue;
    if (word != "container") {
      if (last == nullptr) throw std::invalid_argument("a line before the first container: " + line);
      add_line(*last, word, rest);
      continue;
    }
    docker::container added;
    added.id = std::string(60, 'a') + std::to_string(1000 + all.size());
    added.name = unescape(rest);
    added.image = "app";
    added.created += std::chrono::seconds(all.size());
    added.state = docker::container_state::running;
    last = &(all[added.id] = added);
  }
  return all;
}

}  // namespace heberg::test
