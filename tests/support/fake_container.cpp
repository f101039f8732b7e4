// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/fake_container.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace heberg::test {
namespace {

using json = nlohmann::json;

// What of an inspect answer is the same for all: of no interest to us, but the engine sends it, so we read it.
constexpr const char* k_inspect_rest = R"json(
{"Path":"/sleep","Args":[],
"ResolvConfPath":"/var/lib/docker/containers/7ae410da722bc52d6d671dbea531f5097a4965ea6940325f0fd6c6b5a59ab086/resolv.conf",
"HostnamePath":"/var/lib/docker/containers/7ae410da722bc52d6d671dbea531f5097a4965ea6940325f0fd6c6b5a59ab086/hostname",
"HostsPath":"/var/lib/docker/containers/7ae410da722bc52d6d671dbea531f5097a4965ea6940325f0fd6c6b5a59ab086/hosts",
"LogPath":"/var/lib/docker/containers/7ae410da722bc52d6d671dbea531f5097a4965ea6940325f0fd6c6b5a59ab086/7ae410da722bc52d6d671dbea531f5097a4965ea6940325f0fd6c6b5a59ab086-json.log",
"RestartCount":0,"Driver":"overlay2","Platform":"linux","MountLabel":"","ProcessLabel":"","AppArmorProfile":"",
"ExecIDs":null,"HostConfig":{"Binds":[],"ContainerIDFile":"","LogConfig":{"Type":"json-file","Config":{}},
"PortBindings":{},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},"AutoRemove":false,"VolumeDriver":"",
"VolumesFrom":null,"CapAdd":null,"CapDrop":null,"CgroupnsMode":"host","Dns":[],"DnsOptions":[],"DnsSearch":[],
"ExtraHosts":null,"GroupAdd":null,"IpcMode":"private","Cgroup":"","Links":null,"OomScoreAdj":0,"PidMode":"",
"Privileged":false,"PublishAllPorts":false,"ReadonlyRootfs":false,"SecurityOpt":null,"UTSMode":"","UsernsMode":"",
"ShmSize":67108864,"Runtime":"runc","ConsoleSize":[0,0],"Isolation":"","CpuShares":0,"Memory":0,"NanoCpus":0,
"CgroupParent":"","BlkioWeight":0,"BlkioWeightDevice":[],"BlkioDeviceReadBps":[],"BlkioDeviceWriteBps":[],
"BlkioDeviceReadIOps":[],"BlkioDeviceWriteIOps":[],"CpuPeriod":0,"CpuQuota":0,"CpuRealtimePeriod":0,
"CpuRealtimeRuntime":0,"CpusetCpus":"","CpusetMems":"","Devices":[],"DeviceCgroupRules":null,"DeviceRequests":null,
"KernelMemory":0,"KernelMemoryTCP":0,"MemoryReservation":0,"MemorySwap":0,"MemorySwappiness":null,
"OomKillDisable":false,"PidsLimit":null,"Ulimits":[],"CpuCount":0,"CpuPercent":0,"IOMaximumIOps":0,
"IOMaximumBandwidth":0,"MaskedPaths":["/proc/asound","/proc/acpi","/proc/kcore","/proc/keys","/proc/latency_stats",
"/proc/timer_list","/proc/timer_stats","/proc/sched_debug","/proc/scsi","/sys/firmware"],
"ReadonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]},
"GraphDriver":{"Data":{"LowerDir":"/var/lib/docker/overlay2/a62139d62fc8c6f465111cd306dc9639e9dc6bf5742a00695adc19dfe56bdad6-init/diff:/var/lib/docker/overlay2/deb96c6ca105413cb582036eebb6b94c3751faecf1281383cc16d8d1831b898e/diff",
"MergedDir":"/var/lib/docker/overlay2/a62139d62fc8c6f465111cd306dc9639e9dc6bf5742a00695adc19dfe56bdad6/merged",
"UpperDir":"/var/lib/docker/overlay2/a62139d62fc8c6f465111cd306dc9639e9dc6bf5742a00695adc19dfe56bdad6/diff",
"WorkDir":"/var/lib/docker/overlay2/a62139d62fc8c6f465111cd306dc9639e9dc6bf5742a00695adc19dfe56bdad6/work"},
"Name":"overlay2"}}
)json";

constexpr const char* k_network_rest = R"json({"IPAMConfig":null,"Links":null,"Aliases":null,"EndpointID":
"e17a0a6aa7e79d72a5e5ba63676cc2303daf1730f7be28a88fc40052bbfc397b","Gateway":"172.17.0.1","IPPrefixLen":16,"IPv6Gateway":"",
"GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"MacAddress":"02:42:ac:11:00:02","DriverOpts":null})json";

constexpr std::string_view k_image_id = "sha256:8078cc30278fe7aa687d9a06ec766e8308aa86f507ea56c7d542e18ae23d1767";

bool is_up(const fake_container& c) {
  return c.state == "running" || c.state == "paused";
}

std::string network_id(std::string_view name) {
  constexpr char k_digits[] = "0123456789abcdef";
  std::string id;
  for (std::size_t i = 0; id.size() < 64; ++i) id += k_digits[static_cast<unsigned char>(name[i % name.size()]) % 16];
  return id;
}

json networks_json(const fake_container& c) {
  static const json k_rest = json::parse(k_network_rest);
  json networks = json::object();
  for (const auto& [name, address] : c.networks) {
    auto& n = networks[name] = k_rest;
    n["NetworkID"] = is_up(c) ? network_id(name) : "";
    n["IPAddress"] = is_up(c) ? address : "";
  }
  return networks;
}

json mounts_json(const fake_container& c) {
  json mounts = json::array();
  for (const auto& m : c.mounts) {
    json one = {{"Type", m.type}, {"Source", m.source}, {"Destination", m.destination},
                {"Mode", ""},     {"RW", m.writable},   {"Propagation", "rprivate"}};
    if (!m.name.empty()) one["Name"] = m.name;
    mounts.push_back(std::move(one));
  }
  return mounts;
}

json ports_json(const fake_container& c) {
  json ports = json::object();
  for (const auto& p : c.exposed) ports[p] = nullptr;
  return ports;
}

// For people's eyes, and it changes with every look, as Docker's does.
std::string status_text(const fake_container& c) {
  static int looks = 0;
  if (c.state == "created") return "Created";
  if (c.state == "exited") return "Exited (0) " + std::to_string(++looks) + " seconds ago";
  std::string text = "Up " + std::to_string(++looks) + " seconds";
  if (c.state == "paused") return text + " (Paused)";
  if (c.health == "starting") return text + " (health: starting)";
  return c.health.empty() ? text : text + " (" + c.health + ")";
}

std::string event_json(std::string_view type, std::string_view action, std::string_view id, const json& attributes) {
  using namespace std::chrono;
  const auto now = system_clock::now().time_since_epoch();
  json event = {{"Type", type},
                {"Action", action},
                {"Actor", {{"ID", id}, {"Attributes", attributes}}},
                {"scope", "local"},
                {"time", duration_cast<seconds>(now).count()},
                {"timeNano", duration_cast<nanoseconds>(now).count()}};
  if (type == "container") {
    event["status"] = action;
    event["id"] = id;
    event["from"] = attributes.value("image", "");
  }
  return event.dump();
}

}  // namespace

fake_container make_container(std::string name, const std::string& virtual_host, std::string source) {
  fake_container c;
  c.name = std::move(name);
  c.environment = {"VIRTUAL_HOST=" + virtual_host, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  c.mounts = {{std::move(source), "/var/www/html"}};
  return c;
}

std::string image_id_of(const fake_container& c) {
  if (c.image_environment.empty() && c.image_labels.empty()) return std::string(k_image_id);
  return "sha256:" + network_id(c.name);
}

std::string image_json(const fake_container& c) {
  const json document = {{"Id", image_id_of(c)},
                         {"RepoTags", {c.image}},
                         {"Config", {{"Env", c.image_environment}, {"Labels", c.image_labels}}}};
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string inspect_json(const fake_container& c) {
  static const json k_rest = json::parse(k_inspect_rest);
  json document = k_rest;
  document["Id"] = c.id;
  document["Name"] = "/" + c.name;
  document["Created"] = "2026-01-02T03:04:05.678901234Z";
  document["Image"] = image_id_of(c);
  document["State"] = {{"Status", c.state},
                       {"Running", is_up(c)},
                       {"Paused", c.state == "paused"},
                       {"Restarting", false},
                       {"OOMKilled", false},
                       {"Dead", false},
                       {"Pid", is_up(c) ? 4242 : 0},
                       {"ExitCode", 0},
                       {"Error", ""},
                       {"StartedAt", "2026-01-02T03:04:06.678901234Z"},
                       {"FinishedAt", "0001-01-01T00:00:00Z"}};
  if (!c.health.empty())
    document["State"]["Health"] = {{"Status", c.health}, {"FailingStreak", 0}, {"Log", json::array()}};
  document["HostConfig"]["NetworkMode"] = c.network_mode;
  document["Mounts"] = mounts_json(c);
  json exposed = json::object();
  for (const auto& p : c.exposed) exposed[p] = json::object();
  document["Config"] = {{"Hostname", c.id.substr(0, 12)},
                        {"Domainname", ""},
                        {"User", c.user},
                        {"AttachStdin", false},
                        {"AttachStdout", false},
                        {"AttachStderr", false},
                        {"ExposedPorts", std::move(exposed)},
                        {"Tty", c.tty},
                        {"OpenStdin", false},
                        {"StdinOnce", false},
                        {"Env", c.environment},
                        {"Cmd", {"apache2-foreground"}},
                        {"Image", c.image},
                        {"Volumes", nullptr},
                        {"WorkingDir", "/var/www/html"},
                        {"Entrypoint", {"docker-php-entrypoint"}},
                        {"OnBuild", nullptr},
                        {"Labels", c.labels}};
  document["NetworkSettings"] = {{"Bridge", ""},
                                 {"SandboxID", network_id(c.id)},
                                 {"HairpinMode", false},
                                 {"Ports", is_up(c) ? ports_json(c) : json::object()},
                                 {"Networks", networks_json(c)}};
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string list_entry_stem(const fake_container& c) {
  json ports = json::array();
  for (const auto& p : c.exposed) {
    if (is_up(c)) ports.push_back({{"PrivatePort", std::stoi(p)}, {"Type", p.substr(p.find('/') + 1)}});
  }
  const json entry = {{"Id", c.id},
                      {"Names", {"/" + c.name}},
                      {"Image", c.image},
                      {"ImageID", image_id_of(c)},
                      {"Command", "docker-php-entrypoint apache2-foreground"},
                      {"Created", 1767323045},
                      {"Ports", std::move(ports)},
                      {"Labels", c.labels},
                      {"State", c.state},
                      {"HostConfig", {{"NetworkMode", c.network_mode}}},
                      {"NetworkSettings", {{"Networks", networks_json(c)}}},
                      {"Mounts", mounts_json(c)}};
  auto text = entry.dump(-1, ' ', false, json::error_handler_t::replace);
  text.pop_back();  // the closing brace
  return text;
}

std::string list_entry_json(const fake_container& c, std::string_view stem) {
  return std::string(stem) + R"(,"Status":")" + status_text(c) + "\"}";
}

std::string container_event_json(const fake_container& c, std::string_view action) {
  json attributes = c.labels;
  attributes["image"] = c.image;
  attributes["name"] = c.name;
  return event_json("container", action, c.id, attributes);
}

std::string network_event_json(const fake_container& c, std::string_view action, std::string_view network) {
  return event_json("network", action, network_id(network),
                    {{"container", c.id}, {"name", network}, {"type", "bridge"}});
}

}  // namespace heberg::test
