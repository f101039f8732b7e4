// SPDX-License-Identifier: LGPL-2.1-or-later
// Gives a host and its locations the sysadmin's files for them, and finds the files for all hosts. Pure. A host whose
// own file cannot be used is closed; a file for all hosts that cannot be used is left out. The file goes to `broken`.
#pragma once

#include "proxy-render/plan/vhosts.h"

#include <set>

namespace heberg::proxy {

using file_faults = std::set<file_fault>;

[[nodiscard]] default_files take_defaults(const plan_options& options, file_faults& broken);

void attach_files(vhost& to, const plan_options& options, file_faults& broken);

}  // namespace heberg::proxy
