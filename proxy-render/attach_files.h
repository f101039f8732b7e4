// SPDX-License-Identifier: LGPL-2.1-or-later
// Gives each host and location its files of the sysadmin's. Pure. A host that asks for a file that cannot be used is
// closed, and the file is named in the plan.
#pragma once

#include "proxy-render/vhosts.h"

namespace heberg::proxy {

void attach_files(plan& plan, const host_files& vhost_d, const host_files& htpasswd);

}  // namespace heberg::proxy
