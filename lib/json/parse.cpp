// SPDX-License-Identifier: LGPL-2.1-or-later
#include "json/parse.h"

#include <nlohmann/json.hpp>

#include <iterator>

namespace heberg {
namespace {

template <typename Json>
void remove_discarded(Json& object) {
  for (auto member = object.begin(); member != object.end();)
    member = member->is_discarded() ? object.erase(member) : std::next(member);
}

template <typename Json>
Json parse_within(std::string_view text, const parse_limits& limits) {
  Json discarded(Json::value_t::discarded);
  if (text.size() > limits.bytes) return discarded;
  bool is_too_deep = false;
  const auto check_depth = [&](int depth, typename Json::parse_event_t event, Json& value) {
    using parse_event_t = typename Json::parse_event_t;
    // nlohmann leaves a discarded value behind the key of a member that was not kept.
    if (event == parse_event_t::object_end) remove_discarded(value);
    const bool opens = event == parse_event_t::object_start || event == parse_event_t::array_start;
    const bool exceeds = opens && depth >= limits.depth;
    is_too_deep = is_too_deep || exceeds;
    return limits.how == too_deep::refuse ? !is_too_deep : !exceeds;  // false: it is parsed, but not kept
  };
  auto document = Json::parse(text, check_depth, /*allow_exceptions=*/false);
  return is_too_deep && limits.how == too_deep::refuse ? discarded : document;
}

}  // namespace

nlohmann::json parse_json(std::string_view text, const parse_limits& limits) {
  return parse_within<nlohmann::json>(text, limits);
}

nlohmann::ordered_json parse_ordered_json(std::string_view text, const parse_limits& limits) {
  return parse_within<nlohmann::ordered_json>(text, limits);
}

}  // namespace heberg
