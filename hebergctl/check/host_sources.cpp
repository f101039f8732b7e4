// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/check/host_sources.h"

#include "base/inotify.h"
#include "digest/certificate.h"
#include "docker/call.h"
#include "json/fields.h"
#include "json/parse.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

namespace heberg::ctl {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

std::optional<std::string> read_file(const fs::path& path) {
  constexpr std::uintmax_t k_most = 1 << 20;  // bytes
  std::error_code error;
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > k_most || error) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Empty: nginx is reloaded otherwise.
std::string container_of_reload(const settings& settings) {
  constexpr std::string_view k_by_container = "container:";
  const std::string_view reload = settings.proxy.reload;
  if (!reload.starts_with(k_by_container)) return {};
  std::string name(reload.substr(k_by_container.size()));
  return docker::is_object_name(name) ? name : std::string();
}

}  // namespace

void read_status(host_facts& host, const std::string& text) {
  const auto status = parse_json(text);
  if (!status.is_object()) return;
  host.syncd_answers = true;
  host.is_connected = status.value("engine", false);
  host.publishing_fails = status.value("publishing_fails", false);
  if (const auto reasons = status.find("reasons"); reasons != status.end() && reasons->is_object()) {
    for (const auto& [who, why] : reasons->items()) {
      if (why.is_string()) host.refused[who] = why.get<std::string>();
    }
  }
  if (const auto network = status.find("network"); network != status.end() && network->is_object()) {
    for (const auto& [who, why] : network->items()) {
      if (why.is_string()) host.not_isolated[who] = why.get<std::string>();
    }
  }
}

// To the engine a container that got a signal through it was stopped by hand: with another policy than "always", an
// nginx that ends later stays down (docs/decisions/0008).
std::string explain_no_inotify() {
  const inotify one;
  return one.error() == 0 ? std::string() : std::strerror(one.error());
}

std::string explain_proxy_problem(const settings& settings) {
  const auto name = container_of_reload(settings);
  if (name.empty()) return {};
  const auto answer = docker::call(settings.docker.host, docker::method::get, "/containers/" + name + "/json");
  if (answer.status == 404) return "proxy.reload names container " + name + ", which does not exist";
  if (!answer.is_good()) return {};
  using json_fields::field;
  const auto document = parse_json(answer.body);
  const auto policy = json_fields::text(field(field(document, "HostConfig"), "RestartPolicy"), "Name");
  if (policy == "always") return {};
  return "container " + name + " has the restart policy " + (policy.empty() ? "no" : policy) +
         ", not always: nginx is not restarted after it ends";
}

void count_workers(host_facts& host, const settings& settings) {
  host.max_generations = settings.proxy.max_generations;
  const auto name = container_of_reload(settings);
  if (name.empty()) return;
  const auto answer = docker::call(settings.docker.host, docker::method::get, "/containers/" + name + "/top");
  if (!answer.is_good()) return;
  const auto document = parse_json(answer.body);
  const auto& processes = json_fields::field(document, "Processes");
  if (!processes.is_array()) return;
  for (const auto& process : processes) {
    if (!process.is_array() || process.empty() || !process.back().is_string()) continue;
    const auto command = process.back().get<std::string>();
    if (!command.starts_with("nginx: worker process")) continue;
    ++(command.ends_with("is shutting down") ? host.old_workers : host.new_workers);
  }
}

std::vector<certificate_facts> list_certificates(const settings& settings) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(settings.proxy.certs, error)) {
    if (entry.path().extension() == ".crt") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<certificate_facts> all;
  for (const auto& path : paths) {
    certificate_facts found{.name = path.stem().string(), .problem = {}, .end = {}};
    const auto certificate = read_file(path);
    const auto key = read_file(fs::path(path).replace_extension(".key"));
    if (!certificate) {
      found.problem = "cannot read the certificate";
    } else if (!key) {
      found.problem = "cannot read its key";
    } else {
      found.problem = explain_key_pair(*certificate, *key);
      found.end = certificate_end(*certificate);
    }
    all.push_back(std::move(found));
  }
  return all;
}

}  // namespace heberg::ctl
