// SPDX-License-Identifier: LGPL-2.1-or-later
// A host's upstreams and locations as nginx's text. Pure. Internal to render.cpp.
#pragma once

#include "proxy-render/vhosts.h"

#include <string>
#include <string_view>

namespace heberg::proxy {

// One for each location that has somebody to ask; empty where none has.
[[nodiscard]] std::string render_upstreams(const vhost& vhost);

// defaults: the lines for it where it has none of its own.
[[nodiscard]] std::string render_location(const vhost& vhost, const location& location, const host_file& defaults);

// All URLs of hosts whose address is a variable: over a connection for each request.
[[nodiscard]] std::string render_mapped_location(std::string_view variable, const host_file& defaults);

// Where a certificate authority looks for the answer to its challenge: before any password, and before http leads to
// https. Empty without a webroot.
[[nodiscard]] std::string render_acme(const std::string& webroot);

// A file of the sysadmin's; empty where there is none.
[[nodiscard]] std::string render_passwords(const host_file& file, std::string_view indent);
[[nodiscard]] std::string render_include(const host_file& file, std::string_view indent);

// All URLs of a host that is closed.
[[nodiscard]] std::string render_maintenance();

// All URLs of a host that has a file of the sysadmin's which cannot be used.
[[nodiscard]] std::string render_closed();

}  // namespace heberg::proxy
