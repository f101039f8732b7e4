// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/secret.h"

namespace heberg::tree {

using heberg::secret;

}  // namespace heberg::tree
