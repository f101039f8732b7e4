// SPDX-License-Identifier: LGPL-2.1-or-later
// What the proxy serves and what it refuses, as JSON (--status) and as a hosts(5) file (--hosts). Pure.
#pragma once

#include "proxy-render/plan/vhosts.h"
#include "proxy-render/render/render_options.h"

#include <string>
#include <string_view>
#include <vector>

namespace heberg::proxy {

// What the plan and the text in place do not show.
struct seen_outside {
  std::string nginx;                      // "served", "stale", "silent" (confirm.h); empty: not asked
  std::vector<std::string> certificates;  // explain_ends()
};

// {"output", "current", "nginx", "hosts": [{"host", "kind", "owner", "state", "in_place", "certificate", "containers",
// "locations": [{"path", "state", "internal", "backends"}] or "redirect_to"}], "refused", "unreachable",
// "broken_files": [{"file", "reason"}], "certificates": [sentence]}. live: the text in place; a host whose block is not
// in it has "in_place": false (nginx refused it, or it is about to be published).
[[nodiscard]] std::string describe_status(const plan& plan, const render_options& options, std::string_view output,
                                          std::string_view live, const seen_outside& seen = {});

inline constexpr std::string_view k_hosts_notice = "# Written by heberg-proxy-render: the names that it serves.\n";

// A hosts(5) file that resolves every plain name to this machine, for those who browse on it.
[[nodiscard]] std::string render_hosts_file(const plan& plan);

}  // namespace heberg::proxy
