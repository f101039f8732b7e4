// SPDX-License-Identifier: LGPL-2.1-or-later
// A container's words for the proxy: environment variables in nginx-proxy's names, each with a twin among the labels
// that wins, because a label can be given to an image that is not to be touched: VIRTUAL_PORT is
// heberg.proxy.virtual_port.
#pragma once

#include "docker/container.h"

#include <string>
#include <string_view>

namespace heberg::site {

inline constexpr std::string_view k_proxy_label = "heberg.proxy.";

// The value; nullptr where the container says nothing. Hostile.
[[nodiscard]] const std::string* find_word(const docker::container& container, std::string_view name);

}  // namespace heberg::site
