// SPDX-License-Identifier: LGPL-2.1-or-later
// --check: would nginx accept the text of a plan? Changes nothing; waits for nginx.
#pragma once

#include "proxy-render/nginx/nginx.h"
#include "proxy-render/plan/vhosts.h"
#include "proxy-render/render/render_options.h"

#include <string>
#include <vector>

namespace heberg::proxy {

// What is wrong, a line each; empty where nginx accepts all of it.
[[nodiscard]] std::vector<std::string> find_faults(const plan& plan, const render_options& options,
                                                   const nginx_options& nginx);

}  // namespace heberg::proxy
