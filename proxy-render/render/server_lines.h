// SPDX-License-Identifier: LGPL-2.1-or-later
// The first lines of a server of nginx: where it listens, its TLS options, and the lines that all servers have in common.
// Pure; each function appends lines to a text.
#pragma once

#include "proxy-render/plan/vhosts.h"
#include "proxy-render/render/render_options.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace heberg::proxy {

inline constexpr std::string_view k_server_indent = "    ";

// flag: " default_server", or nothing.
void append_listen(std::string& text, const render_options& options, std::string_view flag);

enum class tls_server { serves, refuses, is_default };
void append_tls_listen(std::string& text, const render_options& options, std::string_view flag, tls_server kind);

// Certificate, key and policy of a host that has them.
void append_tls_lines(std::string& text, const vhost& vhost, const render_options& options);

// Another host's wildcard may be served over TLS, but not for this name.
void append_tls_closed(std::string& text, const render_options& options);

// A server of its own: it refuses the handshake for names without a certificate, so that no client sees another site's.
void append_tls_refusal(std::string& text, const render_options& options);

void append_server_lines(std::string& text, const render_options& options, bool tokens);

[[nodiscard]] std::string_view default_flag(const render_options& options);
[[nodiscard]] render_options with_ports(const render_options& options, const site::external_ports& external);
[[nodiscard]] std::string body_size(std::uint64_t bytes);
[[nodiscard]] std::string server_name(const site::host& host);

}  // namespace heberg::proxy
