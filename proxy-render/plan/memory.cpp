// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/memory.h"

#include "json/parse.h"
#include "site/variables/variables.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace heberg::proxy {
namespace {

using json = nlohmann::json;

constexpr int k_version = 1;
constexpr std::size_t k_variables_max = 128U << 10U;  // bytes of one container: 256 names of 253 bytes, and some

std::optional<container_variables> variables_of(const docker::container& container) {
  container_variables variables{.created = container.created,
                                .host_network = container.host_network,
                                .environment = {},
                                .exposed_ports = container.exposed_ports};
  std::size_t size = 0;
  for (const auto variable : site::variable::all()) {
    const auto* value = site::find_value(container, variable);
    if (value == nullptr) continue;
    size += variable.name().size() + value->size();
    variables.environment.emplace_back(variable.name(), *value);
  }
  if (size > k_variables_max) return std::nullopt;
  return variables;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// With its id.
std::string dump_variables(const std::string& id, const container_variables& variables) {
  json ports = json::array();
  for (const auto& port : variables.exposed_ports) ports.push_back({port.number, port.protocol});
  const json text = {{"created", variables.created.time_since_epoch().count()},
                     {"host_network", variables.host_network},
                     {"environment", variables.environment},
                     {"ports", std::move(ports)}};
  return dump(id) + ":" + dump(text);
}

std::string dump_ownership(const site::host& host, const host_ownership& ownership) {
  json text = {{"host", host.text}, {"owner", ownership.owner}, {"order", ownership.order}};
  if (ownership.left) text["left"] = ownership.left->time_since_epoch().count();
  return dump(text);
}

// The four below throw json::exception for what has another shape.
container_variables parse_variables(const json& text) {
  container_variables variables;
  variables.created += std::chrono::nanoseconds(text.at("created").get<std::int64_t>());
  variables.host_network = text.at("host_network").get<bool>();
  variables.environment = text.at("environment").get<decltype(variables.environment)>();
  for (const auto& port : text.at("ports")) {
    variables.exposed_ports.push_back({port.at(0).get<std::uint16_t>(), port.at(1).get<std::string>()});
  }
  return variables;
}

host_ownership parse_ownership(const json& text) {
  host_ownership ownership{
      .owner = text.at("owner").get<std::string>(), .order = text.at("order").get<std::uint64_t>(), .left = {}};
  if (text.contains("left")) ownership.left.emplace(std::chrono::seconds(text.at("left").get<std::int64_t>()));
  return ownership;
}

void parse_names(memory& read, const json& names) {
  for (const auto& entry : names) {
    auto ownership = parse_ownership(entry);
    auto host = site::parse_host(entry.at("host").get<std::string>());
    read.next_order = std::max(read.next_order, ownership.order + 1);
    // A name that stricter rules do not allow any more cannot be requested either.
    auto* name = std::get_if<site::host>(&host);
    if (name == nullptr) continue;
    write_ownership(*name, ownership);
    read.names.insert_or_assign(std::move(*name), std::move(ownership));
  }
}

memory parse_document(const json& document) {
  memory read;
  parse_names(read, document.at("names"));
  for (const auto& [id, variables] : document.at("containers").items())
    read.containers.emplace(id, parse_variables(variables));
  for (auto& [id, variables] : read.containers) variables.text = dump_variables(id, variables);
  return read;
}

}  // namespace

void remember_variables(memory& memory, const std::string& id, const docker::container* container) {
  const auto known = memory.containers.find(id);
  if (container == nullptr) {
    if (known == memory.containers.end()) return;
    memory.containers.erase(known);
    memory.changed = true;
    return;
  }
  if (!container->inspected) return;
  if (site::find_value(*container, "VIRTUAL_HOST") == nullptr &&
      site::find_value(*container, "VIRTUAL_HOST_MULTIPORTS") == nullptr) {
    return;
  }
  auto variables = variables_of(*container);
  if (!variables || (known != memory.containers.end() && known->second == *variables)) return;
  variables->text = dump_variables(id, *variables);
  memory.containers.insert_or_assign(id, std::move(*variables));
  memory.changed = true;
}

docker::container fill_variables(docker::container container, const container_variables& variables) {
  container.created = variables.created;
  container.host_network = variables.host_network;
  container.environment = variables.environment;
  std::erase_if(container.labels, [](const auto& label) { return label.first.starts_with(site::k_proxy_label); });
  container.exposed_ports = variables.exposed_ports;
  container.inspected = true;
  return container;
}

void write_ownership(const site::host& host, host_ownership& ownership) {
  ownership.text = dump_ownership(host, ownership);
}

// From the texts of the parts: among ten thousand containers all but one are unchanged.
std::string dump_memory(const memory& memory) {
  constexpr std::size_t k_name_size = 128, k_container_size = 384;  // bytes, of most
  std::string text;
  text.reserve(memory.names.size() * k_name_size + memory.containers.size() * k_container_size);
  text.append("{\"version\":").append(std::to_string(k_version)).append(",\"names\":[");
  for (const auto& [host, ownership] : memory.names) {
    if (text.back() != '[') text += ",";
    text += ownership.text.empty() ? dump_ownership(host, ownership) : ownership.text;
  }
  text += "],\"containers\":{";
  for (const auto& [id, variables] : memory.containers) {
    if (text.back() != '{') text += ",";
    text += variables.text.empty() ? dump_variables(id, variables) : variables.text;
  }
  return text += "}}\n";
}

std::optional<memory> parse_memory(std::string_view text) {
  const auto document = parse_json(text);
  if (!document.is_object() || document.value("version", json()) != k_version) return std::nullopt;
  try {
    return parse_document(document);
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace heberg::proxy
