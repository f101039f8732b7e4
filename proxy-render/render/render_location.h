// SPDX-License-Identifier: LGPL-2.1-or-later
// A host's upstreams and locations as nginx's text. Pure. Internal to render.cpp.
#pragma once

#include "proxy-render/plan/vhosts.h"
#include "proxy-render/render/render_options.h"

#include <string>
#include <string_view>

namespace heberg::proxy {

// One for each location that has a backend to ask; empty where none has.
[[nodiscard]] std::string render_upstreams(const vhost& vhost);

[[nodiscard]] std::string render_location(const vhost& vhost, const location& location, const render_options& options);

// All URLs of hosts whose address is a variable: over a connection for each request.
[[nodiscard]] std::string render_mapped_location(std::string_view variable, const render_options& options);

// Where a certificate authority requests the answer to its challenge: before any password, and before the redirection to
// https. Empty without a webroot.
[[nodiscard]] std::string render_acme(const std::string& webroot);

// A file of the sysadmin's; empty where there is none.
[[nodiscard]] std::string render_passwords(const host_file& file, std::string_view indent);
[[nodiscard]] std::string render_include(const host_file& file, std::string_view indent);

// The page for errors of nginx itself; empty without a page of the sysadmin's.
[[nodiscard]] std::string render_error_page(const host_file& page);

// All URLs of a host under maintenance.
[[nodiscard]] std::string render_maintenance();

// All URLs of a host that has a file of the sysadmin's which cannot be used.
[[nodiscard]] std::string render_closed(const default_files& defaults);

}  // namespace heberg::proxy
