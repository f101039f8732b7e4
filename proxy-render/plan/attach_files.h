// SPDX-License-Identifier: LGPL-2.1-or-later
// Gives a host and its locations their files of the sysadmin's, and all hosts those for all. Pure. A host that asks for
// a file that cannot be used is closed; one for all that cannot be used is done without. The file goes to `broken`.
#pragma once

#include "proxy-render/plan/vhosts.h"

#include <set>

namespace heberg::proxy {

using file_faults = std::set<file_fault>;

[[nodiscard]] default_files take_defaults(const plan_options& options, file_faults& broken);

void attach_files(vhost& to, const plan_options& options, file_faults& broken);

}  // namespace heberg::proxy
