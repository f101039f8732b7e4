// SPDX-License-Identifier: LGPL-2.1-or-later
// The short answers: an event, and the engine's version.
#include "docker/parse.h"
#include "json/fields.h"
#include "json/filter.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace heberg::docker {
namespace {

using json_fields::field;
using json_fields::text;

constexpr wanted_key k_attributes[] = {{"container"}};
constexpr wanted_key k_actor[] = {{"ID"}, {"Attributes", k_attributes}};
constexpr wanted_key k_event[] = {{"Type"}, {"Action"}, {"Actor", k_actor}};

constexpr wanted_key k_version[] = {{"ApiVersion"}, {"MinAPIVersion"}};

event_kind kind_of(std::string_view type, std::string_view action) {
  if (type == "network") return action == "connect" || action == "disconnect" ? event_kind::changed : event_kind::other;
  if (type != "container") return event_kind::other;
  // Podman uses "remove" and "died" where Docker uses "destroy" and "die".
  if (action == "destroy" || action == "remove") return event_kind::gone;
  constexpr std::string_view k_changes[] = {"create", "start", "die", "died", "rename", "pause", "unpause", "update"};
  if (std::ranges::find(k_changes, action) != std::end(k_changes)) return event_kind::changed;
  return action.starts_with("health_status") ? event_kind::changed : event_kind::other;  // "health_status: healthy"
}

}  // namespace

std::optional<api_version> parse_api_version(std::string_view version) noexcept {
  api_version result;
  const char* const last = version.data() + version.size();
  const auto major = std::from_chars(version.data(), last, result.major);
  if (major.ec != std::errc{} || major.ptr == last || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, last, result.minor);
  if (minor.ec != std::errc{} || minor.ptr != last || result.major < 0 || result.minor < 0) return std::nullopt;
  return result;
}

std::string to_string(api_version version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

parsed<engine_version> parse_version(std::string_view text_) {
  parsed<engine_version> result;
  const auto document = filter_json(text_, k_version, {.bytes = k_version_bytes_max, .values = 16}, result.problem);
  if (document.is_discarded()) return result;
  const auto newest = parse_api_version(text(document, "ApiVersion"));
  if (!newest) {
    result.problem = "has no ApiVersion";
    return result;
  }
  result.value = {*newest, parse_api_version(text(document, "MinAPIVersion")).value_or(api_version{})};
  return result;
}

parsed<event> parse_event(std::string_view line) {
  parsed<event> result;
  const auto document = filter_json(line, k_event, {.bytes = k_event_bytes_max, .values = 64}, result.problem);
  if (document.is_discarded()) return result;
  const auto type = text(document, "Type");
  const auto& actor = field(document, "Actor");
  event e;
  e.kind = kind_of(type, text(document, "Action"));
  if (e.kind != event_kind::other) {
    e.id = type == "network" ? text(field(actor, "Attributes"), "container") : text(actor, "ID");
    if (!is_container_id(e.id)) e = {};
  }
  result.value = std::move(e);
  return result;
}

}  // namespace heberg::docker
