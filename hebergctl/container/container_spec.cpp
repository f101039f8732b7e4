// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/container/container_spec.h"

#include "base/characters.h"
#include "base/join.h"
#include "digest/sha256.h"
#include "json/fields.h"
#include "json/parse.h"
#include "site/host_gift.h"
#include "site/hosts.h"
#include "site/multiports.h"
#include "site/variables/variables.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

constexpr std::uint64_t k_memory_min = 16ULL << 20U;

json to_json(const specification& wanted) {
  return {
      {"hosts", wanted.hosts}, {"image", wanted.image}, {"memory", wanted.memory}, {"environment", wanted.environment}};
}

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), is_control);
}

std::optional<std::vector<std::string>> read_texts(const json& document, const char* key) {
  const auto found = document.find(key);
  if (found == document.end() || !found->is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& element : *found) {
    if (!element.is_string()) return std::nullopt;
    texts.push_back(element.get<std::string>());
  }
  return texts;
}

std::optional<std::string> find_in(const std::vector<std::string>& environment, std::string_view name) {
  std::optional<std::string> value;
  for (const auto& variable : environment) {
    if (variable.starts_with(name) && variable.size() > name.size() && variable[name.size()] == '=')
      value = variable.substr(name.size() + 1);  // the last one counts, as for the engine
  }
  return value;
}

// Why these environment variables may not be set; empty: they may. Host names are the sysadmin's to list.
std::string explain_hosts_of(const specification& wanted) {
  constexpr char k_name[] = "VIRTUAL_HOST_MULTIPORTS";
  docker::container container;
  const auto value = find_in(wanted.environment, k_name);
  if (!value) return {};
  container.environment = {{k_name, *value}};
  const auto several = site::multiports_of(container);
  if (const auto* refused = std::get_if<site::refused_value>(&several))
    return std::string(k_name) + ": " + refused->value + " " + refused->reason;
  std::vector<site::host> listed;
  for (const auto& text : wanted.hosts) {
    const auto host = site::parse_host(text);
    if (const auto* one = std::get_if<site::host>(&host)) listed.push_back(*one);
  }
  for (const auto& one : std::get<std::vector<site::multiport>>(several)) {
    if (std::ranges::count(listed, one.host) == 0) {
      return std::string(k_name) + ": the host " + site::printable(one.host.text) +
             " is none of the site's hosts: add --host " + site::printable(one.host.text);
    }
  }
  return {};
}

// A label of each variable that a container may set: what the image says in its place does not count.
json proxy_labels_of(const specification& wanted) {
  json labels = json::object();
  for (const auto variable : site::variable::all()) {
    if (variable.row().setter == site::variable_setter::sysadmin) continue;
    labels[site::label_of(variable)] = find_in(wanted.environment, variable.name()).value_or("");
  }
  labels[site::label_of("VIRTUAL_HOST")] = join(wanted.hosts, ",");
  return labels;
}

// Everything but the labels. The fingerprint is its hash.
json body_of(const placed_site& site) {
  auto environment = site.wanted.environment;
  environment.push_back("VIRTUAL_HOST=" + join(site.wanted.hosts, ","));
  const auto user = std::to_string(site.uid) + ":" + std::to_string(site.uid);
  // No process runs as root or can gain a privilege, and nothing but the site's own files is writable.
  return {{"Image", site.wanted.image},
          {"User", user},
          {"Env", environment},
          {"HostConfig",
           {{"Mounts", json::array({{{"Type", "bind"}, {"Source", site.www}, {"Target", "/var/www/html"}}})},
            {"NetworkMode", "heberg-sites"},
            {"CapDrop", {"ALL"}},
            {"SecurityOpt", {"no-new-privileges"}},
            {"ReadonlyRootfs", true},
            {"Tmpfs", {{"/tmp", ""}, {"/var/run/apache2", ""}, {"/var/lock/apache2", ""}}},
            {"Memory", site.wanted.memory},
            {"MemorySwap", site.wanted.memory},
            {"PidsLimit", 200},
            {"NanoCpus", 1'000'000'000},
            {"RestartPolicy", {{"Name", "unless-stopped"}}},
            {"LogConfig", {{"Type", "json-file"}, {"Config", {{"max-size", "10m"}, {"max-file", "5"}}}}}}}};
}

std::string label_of(const json& inspected, const char* label) {
  const auto found = inspected["Config"]["Labels"].find(label);
  const auto& labels = inspected["Config"]["Labels"];
  return labels.is_object() && found != labels.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string explain_specification(const specification& wanted) {
  if (wanted.hosts.empty()) return "no host name is given (--host NAME)";
  if (wanted.hosts.size() > site::k_hosts_max)
    return "more than " + std::to_string(site::k_hosts_max) + " host names are given";
  for (const auto& text : wanted.hosts) {
    // The proxy would read two names.
    if (text.find(',') != std::string::npos)
      return "host " + site::printable(text) +
             ": has a comma, which separates names in VIRTUAL_HOST: give each name its own --host";
    const auto parsed = site::parse_host(text);
    if (const auto* why = std::get_if<std::string>(&parsed)) return "host " + site::printable(text) + ": " + *why;
  }
  if (wanted.image.empty() || wanted.image.size() > 255 || !is_plain(wanted.image)) return "invalid image name";
  if (wanted.memory < k_memory_min || wanted.memory > std::numeric_limits<std::int64_t>::max())
    return "the memory limit must be at least 16 MB";
  for (const auto& variable : wanted.environment) {
    const auto equals = variable.find('=');
    if (equals == std::string::npos || equals == 0 || !is_plain(variable) || variable.starts_with("VIRTUAL_HOST="))
      return "invalid environment variable " + site::printable(variable) + ": use NAME=VALUE (host names: --host)";
  }
  return explain_hosts_of(wanted);
}

std::string to_text(const specification& wanted) {
  return to_json(wanted).dump(-1, ' ', true, json::error_handler_t::replace);
}

std::optional<specification> parse_specification(std::string_view text) {
  const auto document = parse_json(text);
  if (!document.is_object()) return std::nullopt;
  const auto hosts = read_texts(document, "hosts");
  const auto environment = read_texts(document, "environment");
  const auto image = document.find("image");
  const auto memory = document.find("memory");
  if (!hosts || !environment || image == document.end() || !image->is_string() || memory == document.end() ||
      !memory->is_number_unsigned())
    return std::nullopt;
  return specification{.hosts = *hosts,
                       .image = image->get<std::string>(),
                       .memory = memory->get<std::uint64_t>(),
                       .environment = *environment};
}

std::string create_body(const placed_site& site) {
  auto body = body_of(site);
  auto labels = proxy_labels_of(site.wanted);
  labels[k_site_label] = site.site;
  labels[k_specification_label] = to_text(site.wanted);
  labels[k_fingerprint_label] = fingerprint_of(site);
  if (!site.gift_key.empty())
    labels[site::k_gift_label] = site::sign_gift(site.gift_key, site.site, site.uid, join(site.wanted.hosts, ","));
  body["Labels"] = std::move(labels);
  return body.dump(-1, ' ', true, json::error_handler_t::replace);
}

std::string fingerprint_of(const placed_site& site) {
  return to_hex(sha256_of(body_of(site).dump(-1, ' ', true, json::error_handler_t::replace))).substr(0, 32);
}

std::optional<present_container> parse_present(std::string_view inspected, std::string_view site) {
  const auto document = parse_json(inspected);
  if (!document.is_object() || !document.contains("Id") || !document["Id"].is_string()) return std::nullopt;
  present_container present;
  present.id = document["Id"].get<std::string>();
  if (document.contains("State") && document["State"].is_object()) {
    present.runs = document["State"].value("Running", json(false)) == true;
    present.is_paused = document["State"].value("Paused", json(false)) == true;
  }
  if (!document.contains("Config") || !document["Config"].is_object() || !document["Config"].contains("Labels"))
    return present;
  present.fingerprint = label_of(document, k_fingerprint_label);
  present.is_ours = !present.fingerprint.empty() && label_of(document, k_site_label) == site;
  present.wanted = parse_specification(label_of(document, k_specification_label));
  return present;
}

std::vector<std::string> find_users(std::string_view listed, std::string_view folder, std::string_view id) {
  const auto all = parse_json(listed);
  if (!all.is_array()) throw std::runtime_error("invalid list of containers from the Docker engine");
  const auto below = std::string(folder) + "/";
  std::vector<std::string> users;
  for (const auto& one : all) {
    if (!one.is_object() || json_fields::text(one, "Id") == id || !one.contains("Mounts") || !one["Mounts"].is_array())
      continue;
    const auto is_below = [&](const json& mount) {
      const auto source = json_fields::text(mount, "Source");
      return source == folder || source.starts_with(below);
    };
    if (std::ranges::none_of(one["Mounts"], is_below)) continue;
    const bool is_named =
        one.contains("Names") && one["Names"].is_array() && !one["Names"].empty() && one["Names"].front().is_string();
    const auto name = is_named ? one["Names"].front().get<std::string>() : json_fields::text(one, "Id");
    users.push_back(name.starts_with('/') ? name.substr(1) : name);
  }
  return users;
}

step plan(const placed_site& site, const std::optional<present_container>& present) {
  if (!present) return step::make;
  if (!present->is_ours) return step::refuse;
  if (present->fingerprint != fingerprint_of(site)) return step::replace;
  return present->runs ? step::nothing : step::start;
}

std::string print_difference(const specification& wanted, const std::optional<specification>& was) {
  const auto after = to_json(wanted);
  const auto before = was ? to_json(*was) : json::object();
  std::string text;
  for (const auto& [key, value] : after.items()) {
    const bool known = before.contains(key);
    if (known && before[key] == value) continue;
    const auto shown = [&key = key](const json& v) {
      return key + ": " + v.dump(-1, ' ', true, json::error_handler_t::replace) + "\n";
    };
    if (known) text += "- " + shown(before[key]);
    text += "+ " + shown(value);
  }
  return text;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  constexpr std::pair<std::string_view, unsigned> k_units[] = {{"", 0}, {"k", 10}, {"m", 20}, {"g", 30}};
  for (const auto& [name, bits] : k_units) {
    if (unit == name && number <= (std::numeric_limits<std::uint64_t>::max() >> bits)) return number << bits;
  }
  return std::nullopt;
}

}  // namespace heberg::ctl
