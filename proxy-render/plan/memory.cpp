// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/memory.h"

#include "site/variables/variables.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace heberg::proxy {
namespace {

using json = nlohmann::json;

constexpr int k_version = 1;
constexpr std::size_t k_variables_max = 128U << 10U;  // bytes of one container: 256 names of 253 bytes, and some

std::optional<container_words> words_of(const docker::container& container) {
  container_words words{.created = container.created,
                        .host_network = container.host_network,
                        .environment = {},
                        .exposed_ports = container.exposed_ports};
  std::size_t size = 0;
  for (const auto& variable : container.environment) {
    if (!site::variable::find(variable.first)) continue;
    size += variable.first.size() + variable.second.size();
    words.environment.push_back(variable);
  }
  if (size > k_variables_max) return std::nullopt;
  return words;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// With its id.
std::string dump_words(const std::string& id, const container_words& words) {
  json ports = json::array();
  for (const auto& port : words.exposed_ports) ports.push_back({port.number, port.protocol});
  const json text = {{"created", words.created.time_since_epoch().count()},
                     {"host_network", words.host_network},
                     {"environment", words.environment},
                     {"ports", std::move(ports)}};
  return dump(id) + ":" + dump(text);
}

std::string dump_claim(const site::host& host, const name_claim& claim) {
  json text = {{"host", host.text}, {"owner", claim.owner}, {"order", claim.order}};
  if (claim.left) text["left"] = claim.left->time_since_epoch().count();
  return dump(text);
}

// The four below throw json::exception for what has another shape.
container_words parse_words(const json& text) {
  container_words words;
  words.created += std::chrono::nanoseconds(text.at("created").get<std::int64_t>());
  words.host_network = text.at("host_network").get<bool>();
  words.environment = text.at("environment").get<decltype(words.environment)>();
  for (const auto& port : text.at("ports")) {
    words.exposed_ports.push_back({port.at(0).get<std::uint16_t>(), port.at(1).get<std::string>()});
  }
  return words;
}

name_claim parse_claim(const json& text) {
  name_claim claim{
      .owner = text.at("owner").get<std::string>(), .order = text.at("order").get<std::uint64_t>(), .left = {}};
  if (text.contains("left")) claim.left.emplace(std::chrono::seconds(text.at("left").get<std::int64_t>()));
  return claim;
}

void parse_names(memory& read, const json& names) {
  for (const auto& entry : names) {
    auto claim = parse_claim(entry);
    auto host = site::parse_host(entry.at("host").get<std::string>());
    read.next_order = std::max(read.next_order, claim.order + 1);
    // What is no name any more (the rules were made stricter) nobody can claim either.
    auto* name = std::get_if<site::host>(&host);
    if (name == nullptr) continue;
    write_claim(*name, claim);
    read.names.insert_or_assign(std::move(*name), std::move(claim));
  }
}

memory parse_document(const json& document) {
  memory read;
  parse_names(read, document.at("names"));
  for (const auto& [id, words] : document.at("containers").items()) read.containers.emplace(id, parse_words(words));
  for (auto& [id, words] : read.containers) words.text = dump_words(id, words);
  return read;
}

}  // namespace

void remember_words(memory& memory, const std::string& id, const docker::container* container) {
  const auto known = memory.containers.find(id);
  if (container == nullptr) {
    if (known == memory.containers.end()) return;
    memory.containers.erase(known);
    memory.changed = true;
    return;
  }
  if (!container->inspected) return;
  // An environment is for life; ports are named anew where a container is started again.
  if (known != memory.containers.end() && known->second.exposed_ports == container->exposed_ports) return;
  if (site::find_value(*container, "VIRTUAL_HOST") == nullptr &&
      site::find_value(*container, "VIRTUAL_HOST_MULTIPORTS") == nullptr) {
    return;
  }
  auto words = words_of(*container);
  if (!words) return;
  words->text = dump_words(id, *words);
  memory.containers.insert_or_assign(id, std::move(*words));
  memory.changed = true;
}

docker::container fill_words(docker::container container, const container_words& words) {
  container.created = words.created;
  container.host_network = words.host_network;
  container.environment = words.environment;
  container.exposed_ports = words.exposed_ports;
  container.inspected = true;
  return container;
}

void write_claim(const site::host& host, name_claim& claim) {
  claim.text = dump_claim(host, claim);
}

// In pieces: among ten thousand containers all but one are as they were.
std::string dump_memory(const memory& memory) {
  constexpr std::size_t k_name_size = 128, k_container_size = 384;  // bytes, of most
  std::string text;
  text.reserve(memory.names.size() * k_name_size + memory.containers.size() * k_container_size);
  text.append("{\"version\":").append(std::to_string(k_version)).append(",\"names\":[");
  for (const auto& [host, claim] : memory.names) {
    if (text.back() != '[') text += ",";
    text += claim.text.empty() ? dump_claim(host, claim) : claim.text;
  }
  text += "],\"containers\":{";
  for (const auto& [id, words] : memory.containers) {
    if (text.back() != '{') text += ",";
    text += words.text.empty() ? dump_words(id, words) : words.text;
  }
  return text += "}}\n";
}

std::optional<memory> parse_memory(std::string_view text) {
  const auto document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || document.value("version", json()) != k_version) return std::nullopt;
  try {
    return parse_document(document);
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace heberg::proxy
