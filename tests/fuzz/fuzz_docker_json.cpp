// SPDX-License-Identifier: LGPL-2.1-or-later
// Whatever an engine answers, the parsers give sound values within their bounds, or a reason. The first byte says which
// answer it is.
#include "docker/lines.h"
#include "docker/parse.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace heberg::docker;

void must(bool holds) {
  if (!holds) std::abort();
}

void check_container(const container& c, std::string_view text) {
  must(is_container_id(c.id));
  must(c.environment.size() + c.labels.size() + c.mounts.size() + c.networks.size() <= k_values_max);
  must(c.exposed_ports.size() <= k_ports_max);
  must(std::ranges::is_sorted(c.exposed_ports));
  must(std::ranges::adjacent_find(c.exposed_ports) == c.exposed_ports.end());
  must(std::ranges::all_of(c.exposed_ports, [](const port& p) { return p.number > 0; }));
  must(std::ranges::is_sorted(c.mounts, {}, &mount::destination));
  must(std::ranges::is_sorted(c.networks, {}, &network::name));
  must(c.name.size() <= text.size() && c.image.size() <= text.size());
  must(c.created.time_since_epoch().count() >= -24 * 3'600'000'000'000);  // an offset may lead before the epoch
  for (const auto& [name, value] : c.environment) must(find_environment(c, name) != nullptr);
  for (const auto& [name, value] : c.labels) must(*find_label(c, name) == value);
}

void check_inspect(std::string_view text) {
  const auto c = parse_inspect(text);
  must(c.value.has_value() == c.problem.empty());
  if (!c.value) return;
  must(c.value->inspected);
  check_container(*c.value, text);
}

void check_list(std::string_view text) {
  const auto list = parse_list(text);
  must(list.value.has_value() == list.problem.empty());
  if (!list.value) return;
  must(list.value->size() <= k_containers_max);
  for (const auto& c : *list.value) {
    must(!c.inspected && c.environment.empty());
    check_container(c, text);
  }
}

void check_event(std::string_view text) {
  const auto e = parse_event(text);
  must(e.value.has_value() == e.problem.empty());
  if (e.value) must(e.value->kind == event_kind::other ? e.value->id.empty() : is_container_id(e.value->id));
}

void check_version(std::string_view text) {
  const auto v = parse_version(text);
  must(v.value.has_value() == v.problem.empty());
  if (v.value) must(v.value->newest >= api_version{} && v.value->oldest >= api_version{});
}

void check_lines(std::string_view text) {
  constexpr std::size_t k_line_max = 40;
  line_cutter cutter(k_line_max);
  while (!text.empty()) {
    const auto part = text.substr(0, 1 + text.size() / 3);
    text.remove_prefix(part.size());
    const auto lines = cutter.feed(part);
    if (!lines) return;
    for (const auto& line : *lines)
      must(!line.empty() && line.size() <= k_line_max && line.find('\n') == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (static_cast<char>(data[0])) {
    case 'i':
      check_inspect(text);
      break;
    case 'l':
      check_list(text);
      break;
    case 'e':
      check_event(text);
      break;
    case 'v':
      check_version(text);
      break;
    default:
      check_lines(text);
      break;
  }
  return 0;
}
