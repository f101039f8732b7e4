// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's gift of host names to a site, as a label of its container: hebergctl create signs the host names that
// --host lists, and the renderer believes the signature. A `docker run` with the same label gives the same site the same
// names, and nothing else: site, UID and names are signed. The key is hebergctl's, STATE_DIR/gifts/key. Pure.
#pragma once

#include "docker/container.h"
#include "site/hosts.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::site {

inline constexpr char k_gift_label[] = "heberg.gift";
inline constexpr std::size_t k_gift_key_size = 64;  // hexadecimal digits

// virtual_host: as in the container's variable.
[[nodiscard]] std::string sign_gift(std::string_view key, std::string_view site, std::uint32_t uid,
                                    std::string_view virtual_host);

// The names that are given to the site by this container; none without a key or a sound signature.
[[nodiscard]] std::vector<host> given_hosts(std::string_view key, std::string_view site,
                                            const docker::container& container);

}  // namespace heberg::site
