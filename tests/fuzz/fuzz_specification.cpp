// SPDX-License-Identifier: LGPL-2.1-or-later
// A container's specification as an archive or a label has it (s), or what the engine says of a container (i), by the
// first byte. A specification survives being written and read. Where it is valid, it chooses the image, the memory and
// the environment of its container, and nothing else of it; and the container made of it is recognised again.
#include "base/characters.h"
#include "hebergctl/container/container_spec.h"
#include "site/hosts.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace heberg::ctl;
using json = nlohmann::ordered_json;

void require(bool holds) {
  if (!holds) std::abort();
}

placed_site place(specification wanted) {
  return {.site = "site_1", .uid = 20001, .www = "/sites/site_1/www", .wanted = std::move(wanted)};
}

// What is the site's to choose, taken out.
json without_choices(json body) {
  for (const char* key : {"Image", "Env", "Labels"}) body.erase(key);
  for (const char* key : {"Memory", "MemorySwap"}) body["HostConfig"].erase(key);
  return body;
}

void check_body(const specification& wanted) {
  static const auto usual = without_choices(json::parse(create_body(place({.hosts = {"a.test"}, .environment = {}}))));
  const auto site = place(wanted);
  const auto body = json::parse(create_body(site));
  require(without_choices(body) == usual && body["Image"] == wanted.image);
  const auto memory = body["HostConfig"]["Memory"].get<std::int64_t>();
  require(memory >= 16 << 20 && body["HostConfig"]["MemorySwap"] == memory);
  const auto is_host = [](const json& variable) { return variable.get<std::string>().starts_with("VIRTUAL_HOST="); };
  require(std::ranges::count_if(body["Env"], is_host) == 1 && body["Env"].size() == wanted.environment.size() + 1);
  for (const auto& variable : body["Env"])
    require(std::ranges::none_of(variable.get<std::string>(), heberg::is_control));

  // The proxy reads the same host names.
  heberg::docker::container container;
  for (const auto& variable : body["Env"]) {
    const auto text = variable.get<std::string>();
    container.environment.emplace_back(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
  }
  std::vector<heberg::site::host> hosts;
  for (const auto& text : wanted.hosts) hosts.push_back(std::get<heberg::site::host>(heberg::site::parse_host(text)));
  std::ranges::sort(hosts);
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  const auto read = heberg::site::virtual_hosts(container);
  require(std::holds_alternative<std::vector<heberg::site::host>>(read));
  require(std::get<std::vector<heberg::site::host>>(read) == hosts);

  const json inspected = {{"Id", "1"}, {"State", {{"Running", true}}}, {"Config", {{"Labels", body["Labels"]}}}};
  const auto present = parse_present(inspected.dump(), site.site);
  require(present && present->is_ours && present->wanted == wanted && plan(site, present) == step::nothing);
  require(print_difference(wanted, present->wanted).empty());
  require(!parse_present(inspected.dump(), "site_2")->is_ours);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'i') {
    if (const auto present = parse_present(text, "site_1"); present && present->is_ours) {
      require(!present->fingerprint.empty());
      (void)plan(place({.hosts = {"a.test"}, .environment = {}}), present);
    }
    return 0;
  }
  const auto wanted = parse_specification(text);
  if (!wanted) return 0;
  require(parse_specification(to_text(*wanted)) == wanted);
  if (explain_specification(*wanted).empty()) check_body(*wanted);
  return 0;
}
