// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/verbs/usage_error.h"

#include "hebergctl/verbs/verb_table.h"

#include <algorithm>
#include <numeric>

namespace heberg::ctl {
namespace {

constexpr std::size_t k_distance_max = 2;  // of a typing error
constexpr std::size_t k_length_max = 32;   // no verb is as long

// Insertions, deletions, replacements and swaps of neighbours from one text to the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  std::iota(cost[0].begin(), cost[0].end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    cost[i][0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::string explain_unknown_verb(const std::string& text) {
  const auto similar = find_similar_verb(text);
  return "unknown verb \"" + text + "\": " + (similar.empty() ? "" : "did you mean \"" + similar + "\"? ") +
         "\"hebergctl --help\" lists all verbs";
}

}  // namespace

std::string find_similar_verb(std::string_view text) {
  std::string best;
  auto least = k_distance_max + 1;
  if (text.size() > k_length_max) return best;
  for (const auto& row : list_verbs()) {
    if (row.shown == verb::visibility::hidden) continue;
    const auto distance = edit_distance(text, row.name);
    if (distance >= least || distance >= text.size()) continue;  // a verb with no letter of it is not like it
    least = distance;
    best = row.name;
  }
  return best;
}

std::string explain_usage_error(const std::string& verb, const std::string& problem,
                                const std::vector<std::string>& extra) {
  if (verb.empty() && !extra.empty() && !extra.front().starts_with('-')) return explain_unknown_verb(extra.front());
  const std::string help = "see \"hebergctl " + (verb.empty() ? "" : verb + " ") + "--help\"";
  const std::string where = verb.empty() ? "" : verb + ": ";
  if (extra.empty()) return where + problem + ": " + help;
  const char* kind = extra.front().starts_with('-') ? "unknown option " : "unexpected argument ";
  return where + kind + "\"" + extra.front() + "\": " + help;
}

}  // namespace heberg::ctl
