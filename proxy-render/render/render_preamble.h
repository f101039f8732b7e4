// SPDX-License-Identifier: LGPL-2.1-or-later
// What is around the hosts in the text. Pure.
#pragma once

#include "proxy-render/render/host_config.h"
#include "proxy-render/render/render_options.h"

#include <span>
#include <string>
#include <string_view>

namespace heberg::proxy {

// What comes before the first host's block: a notice, the sysadmin's files of the http level (some of nginx's
// directives must come before the first map), maps, the server for unknown host names.
[[nodiscard]] std::string render_preamble(const render_options& options);

// The text of some hosts, with what is around it.
[[nodiscard]] std::string render_around(const render_options& options, std::string_view hosts);

// The servers for unknown host names on ports of some hosts' own, and over TLS where some host has a certificate.
void append_unknown_names(std::string& text, std::span<const shared_config> hosts, const render_options& options);

}  // namespace heberg::proxy
