// SPDX-License-Identifier: LGPL-2.1-or-later
#include "docker/api.h"

#include <algorithm>

namespace heberg::docker {
namespace {

// Docker's names first, then Podman's where they differ; an engine ignores those it does not know.
constexpr std::string_view k_event_filters =
    R"({"type":["container","network"],)"
    R"("event":["create","start","die","destroy","rename","pause","unpause","update","health_status","connect","disconnect",)"
    R"("died","remove"]})";

std::string percent_encode(std::string_view text) {
  constexpr char k_digits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || c == '_') {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      (result += '%') += k_digits[byte >> 4];
      result += k_digits[byte & 15];
    }
  }
  return result;
}

std::string prefix(api_version version) {
  return "/v" + to_string(version);
}

}  // namespace

parsed<api_version> negotiate(const engine_version& engine) {
  const auto newest = std::min(engine.newest, k_api_newest);
  if (newest >= std::max(engine.oldest, k_api_oldest)) return {newest, {}};
  return {std::nullopt, "supports API " + to_string(engine.oldest) + " to " + to_string(engine.newest) +
                            ", this program " + to_string(k_api_oldest) + " to " + to_string(k_api_newest)};
}

std::string version_target() {
  return "/version";
}
std::string ping_target() {
  return "/_ping";
}
std::string list_target(api_version version) {
  return prefix(version) + "/containers/json?all=true";
}

std::string inspect_target(api_version version, std::string_view id) {
  return prefix(version) + "/containers/" + std::string(id) + "/json";
}

std::string image_target(api_version version, std::string_view id) {
  return prefix(version) + "/images/" + std::string(id) + "/json";
}

std::string events_target(api_version version) {
  return prefix(version) + "/events?filters=" + percent_encode(k_event_filters);
}

}  // namespace heberg::docker
