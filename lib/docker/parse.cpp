// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/parse.h"

#include "docker/parse_time.h"
#include "json/fields.h"
#include "json/filter.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace heberg::docker {
namespace {

using json = nlohmann::json;
using json_fields::field;
using json_fields::flag;
using json_fields::text;

std::string without_slash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

// ---- parts of a container ----

container_state state_of(std::string_view name) {
  constexpr std::pair<std::string_view, container_state> k_states[] = {
      {"created", container_state::created},   {"running", container_state::running},
      {"paused", container_state::paused},     {"restarting", container_state::restarting},
      {"removing", container_state::removing}, {"exited", container_state::exited},
      {"dead", container_state::dead},
  };
  const auto found = std::ranges::find(k_states, name, [](const auto& s) { return s.first; });
  return found == std::end(k_states) ? container_state::unknown : found->second;
}

health health_of(std::string_view name) {
  if (name == "healthy") return health::healthy;
  if (name == "unhealthy") return health::unhealthy;
  if (name == "starting") return health::starting;
  return health::none;
}

// A list has health only as text for people: "Up 5 minutes (healthy)", "Up 1 second (health: starting)".
health health_of_status(std::string_view status) {
  if (status.ends_with("(healthy)")) return health::healthy;
  if (status.ends_with("(unhealthy)")) return health::unhealthy;
  if (status.ends_with("(health: starting)")) return health::starting;
  return health::none;
}

std::map<std::string, std::string> labels_of(const json& object) {
  std::map<std::string, std::string> labels;
  if (!object.is_object()) return labels;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) labels.emplace(name, value.get_ref<const std::string&>());
  }
  return labels;
}

std::vector<std::pair<std::string, std::string>> environment_of(const json& list) {
  std::vector<std::pair<std::string, std::string>> environment;
  if (!list.is_array()) return environment;
  for (const auto& element : list) {
    if (!element.is_string()) continue;
    const auto& variable = element.get_ref<const std::string&>();
    const auto equals = variable.find('=');
    environment.emplace_back(variable.substr(0, equals),
                             equals == std::string::npos ? "" : variable.substr(equals + 1));
  }
  return environment;
}

std::vector<mount> mounts_of(const json& list) {
  std::vector<mount> mounts;
  if (!list.is_array()) return mounts;
  for (const auto& m : list) {
    if (!m.is_object()) continue;
    mounts.push_back(
        {text(m, "Type"), text(m, "Name"), text(m, "Source"), text(m, "Destination"), flag(m, "RW", true)});
  }
  std::ranges::stable_sort(mounts, {}, &mount::destination);
  return mounts;
}

std::uint8_t prefix_of(const json& network, const char* name, std::uint64_t most) {
  const auto& value = field(network, name);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) return 0;
  return static_cast<std::uint8_t>(value.get<std::uint64_t>());
}

std::vector<network> networks_of(const json& object) {
  std::vector<network> networks;
  if (!object.is_object()) return networks;
  for (const auto& [name, n] : object.items()) {
    networks.push_back({.name = name,
                        .id = text(n, "NetworkID"),
                        .ipv4 = text(n, "IPAddress"),
                        .ipv6 = text(n, "GlobalIPv6Address"),
                        .gateway = text(n, "Gateway"),
                        .mac = text(n, "MacAddress"),
                        .ipv4_prefix = prefix_of(n, "IPPrefixLen", 32),
                        .ipv6_prefix = prefix_of(n, "GlobalIPv6PrefixLen", 128)});
  }
  std::ranges::stable_sort(networks, {}, &network::name);
  return networks;
}

void take_network_mode(std::string_view mode, container& to) {
  constexpr std::string_view k_of = "container:";
  to.host_network = mode == "host";
  if (mode.starts_with(k_of) && is_container_id(mode.substr(k_of.size()))) to.network_of = mode.substr(k_of.size());
}

void keep_port(std::vector<port>& ports, std::uint64_t number, std::string_view protocol) {
  if (number < 1 || number > 65535 || ports.size() >= k_ports_max) return;
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") return;
  ports.push_back({static_cast<std::uint16_t>(number), std::string(protocol)});
}

void sort_ports(std::vector<port>& ports) {
  std::ranges::sort(ports);
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
}

// {"80/tcp": …}
std::vector<port> ports_of(const json& object) {
  std::vector<port> ports;
  if (!object.is_object()) return ports;
  for (const auto& [name, ignored] : object.items()) {
    std::uint64_t number = 0;
    const auto slash = std::min(name.find('/'), name.size());
    const auto [end, error] = std::from_chars(name.data(), name.data() + slash, number);
    if (error != std::errc{} || end != name.data() + slash || slash == name.size()) continue;
    keep_port(ports, number, std::string_view(name).substr(slash + 1));
  }
  sort_ports(ports);
  return ports;
}

// [{"PrivatePort": 80, "Type": "tcp"}, …]: one element for each published address, so a port may come twice
std::vector<port> listed_ports_of(const json& list) {
  std::vector<port> ports;
  if (!list.is_array()) return ports;
  for (const auto& p : list) {
    const auto& number = field(p, "PrivatePort");
    if (number.is_number_unsigned()) keep_port(ports, number.get<std::uint64_t>(), text(p, "Type"));
  }
  sort_ports(ports);
  return ports;
}

// ---- what is kept of each answer ----

constexpr wanted_key k_network[] = {{"NetworkID"},  {"IPAddress"},           {"IPPrefixLen"}, {"GlobalIPv6Address"},
                                    {"MacAddress"}, {"GlobalIPv6PrefixLen"}, {"Gateway"}};
constexpr wanted_key k_networks[] = {{"*", k_network}};
constexpr wanted_key k_nothing[] = {{""}};
constexpr wanted_key k_port_names[] = {{"*", k_nothing}};  // the keys of an object, not what is in them
constexpr wanted_key k_mount[] = {{"Type"}, {"Name"}, {"Source"}, {"Destination"}, {"RW"}};
constexpr wanted_key k_host_config[] = {{"NetworkMode"}};

constexpr wanted_key k_health[] = {{"Status"}};
constexpr wanted_key k_state[] = {{"Status"}, {"StartedAt"}, {"Pid"}, {"Health", k_health}};
constexpr wanted_key k_config[] = {{"Image"}, {"User"}, {"Tty"}, {"Env"}, {"Labels"}, {"ExposedPorts", k_port_names}};
constexpr wanted_key k_settings[] = {{"Networks", k_networks}, {"Ports", k_port_names}};
constexpr wanted_key k_inspect[] = {
    {"Id"},
    {"Name"},
    {"Image"},
    {"Created"},
    {"RestartCount"},
    {"State", k_state},
    {"HostConfig", k_host_config},
    {"Mounts", k_mount},
    {"Config", k_config},
    {"NetworkSettings", k_settings},
};

constexpr wanted_key k_image_config[] = {{"Env"}, {"Labels"}};
constexpr wanted_key k_image[] = {{"Config", k_image_config}};

constexpr wanted_key k_listed_port[] = {{"PrivatePort"}, {"Type"}};
constexpr wanted_key k_listed_settings[] = {{"Networks", k_networks}};
constexpr wanted_key k_listed[] = {
    {"Id"},
    {"Names"},
    {"Image"},
    {"ImageID"},
    {"Created"},
    {"State"},
    {"Status"},
    {"Labels"},
    {"HostConfig", k_host_config},
    {"Mounts", k_mount},
    {"Ports", k_listed_port},
    {"NetworkSettings", k_listed_settings},
};

std::optional<container> listed_container(const json& entry) {
  container c;
  c.inspected = false;
  c.id = text(entry, "Id");
  if (!is_container_id(c.id)) return std::nullopt;
  // A container has the names its links gave it as well, "/other/alias"; its own has one slash.
  if (const auto& names = field(entry, "Names"); names.is_array()) {
    for (const auto& name : names) {
      if (name.is_string() && name.get_ref<const std::string&>().rfind('/') == 0) {
        c.name = without_slash(name.get<std::string>());
        break;
      }
    }
  }
  c.image = text(entry, "Image");
  c.image_id = text(entry, "ImageID");
  if (const auto& created = field(entry, "Created"); created.is_number_unsigned())
    c.created = time_of(created.get<std::uint64_t>());
  c.state = state_of(text(entry, "State"));
  c.health = health_of_status(text(entry, "Status"));
  take_network_mode(text(field(entry, "HostConfig"), "NetworkMode"), c);
  c.labels = labels_of(field(entry, "Labels"));
  c.mounts = mounts_of(field(entry, "Mounts"));
  c.exposed_ports = listed_ports_of(field(entry, "Ports"));
  c.networks = networks_of(field(field(entry, "NetworkSettings"), "Networks"));
  return c;
}

}  // namespace

bool is_container_id(std::string_view id) noexcept {
  return id.size() == 64 &&
         std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_image_id(std::string_view id) noexcept {
  constexpr std::string_view k_digest = "sha256:";
  return is_container_id(id.starts_with(k_digest) ? id.substr(k_digest.size()) : id);
}

bool is_no_such_container(unsigned status, std::string_view body) noexcept {
  return status == 404 || (status == 500 && body.find("\"cause\":\"no such container\"") != std::string_view::npos);
}

bool is_being_removed(unsigned status, std::string_view body) noexcept {
  return status == 409 && body.find("marked for removal") != std::string_view::npos;
}

parsed<container> parse_inspect(std::string_view text_) {
  parsed<container> result;
  const auto document =
      filter_json(text_, k_inspect, {.bytes = k_inspect_bytes_max, .values = k_values_max}, result.problem);
  if (document.is_discarded()) return result;
  container c;
  c.id = text(document, "Id");
  if (!is_container_id(c.id)) {
    result.problem = "has no sound Id";
    return result;
  }
  const auto& state = field(document, "State");
  const auto& config = field(document, "Config");
  const auto& settings = field(document, "NetworkSettings");
  c.name = without_slash(text(document, "Name"));
  c.image = text(config, "Image");
  c.image_id = text(document, "Image");
  c.user = text(config, "User");
  c.created = parse_time(text(document, "Created"));
  c.started = parse_time(text(state, "StartedAt"));
  if (const auto& pid = field(state, "Pid"); pid.is_number_unsigned() && pid.get<std::uint64_t>() <= INT32_MAX)
    c.pid = static_cast<std::uint32_t>(pid.get<std::uint64_t>());
  if (const auto& restarts = field(document, "RestartCount"); restarts.is_number_unsigned())
    c.restarts = static_cast<std::uint32_t>(std::min<std::uint64_t>(restarts.get<std::uint64_t>(), UINT32_MAX));
  c.state = state_of(text(state, "Status"));
  c.health = health_of(text(field(state, "Health"), "Status"));
  c.tty = flag(config, "Tty", false);
  take_network_mode(text(field(document, "HostConfig"), "NetworkMode"), c);
  c.environment = environment_of(field(config, "Env"));
  c.labels = labels_of(field(config, "Labels"));
  c.mounts = mounts_of(field(document, "Mounts"));
  c.exposed_ports = ports_of(field(settings, "Ports"));
  if (c.exposed_ports.empty()) c.exposed_ports = ports_of(field(config, "ExposedPorts"));
  c.networks = networks_of(field(settings, "Networks"));
  result.value = std::move(c);
  return result;
}

parsed<image_config> parse_image(std::string_view text_) {
  parsed<image_config> result;
  const auto document =
      filter_json(text_, k_image, {.bytes = k_inspect_bytes_max, .values = k_values_max}, result.problem);
  if (document.is_discarded()) return result;
  if (!document.is_object()) {
    result.problem = "is no object";
    return result;
  }
  const auto& config = field(document, "Config");
  image_config image;
  for (auto& [name, value] : environment_of(field(config, "Env")))
    image.environment.insert_or_assign(std::move(name), std::move(value));
  image.labels = labels_of(field(config, "Labels"));
  result.value = std::move(image);
  return result;
}

parsed<std::vector<container>> parse_list(std::string_view text_) {
  parsed<std::vector<container>> result;
  std::vector<container> all;
  bool too_many = false;
  const auto take = [&all, &too_many](json&& entry) {
    auto c = listed_container(entry);
    if (!c) return;
    if (all.size() < k_containers_max) {
      all.push_back(std::move(*c));
    } else {
      too_many = true;
    }
  };
  if (!filter_json_elements(text_, k_listed, {.bytes = k_list_bytes_max, .values = k_values_max}, take, result.problem))
    return result;
  if (too_many) {
    result.problem = "holds more than " + std::to_string(k_containers_max) + " containers";
    return result;
  }
  result.value = std::move(all);
  return result;
}

}  // namespace heberg::docker
