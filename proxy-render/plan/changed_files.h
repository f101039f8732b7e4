// SPDX-License-Identifier: LGPL-2.1-or-later
// Are the sysadmin's files still those that a plan was made with? nginx refuses a text that includes a file which was
// removed after it was listed: that is the fault of no host, and the cure is to list the files again.
#pragma once

#include "proxy-render/plan/vhosts.h"

#include <optional>
#include <string>

namespace heberg::proxy {

// The path of a file that was removed, or replaced by another one, since it was listed; nothing where there is none.
// certs: the folder of the certificates.
[[nodiscard]] std::optional<std::string> find_changed_file(const plan& plan, const std::string& certs);

}  // namespace heberg::proxy
