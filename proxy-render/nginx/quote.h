// SPDX-License-Identifier: LGPL-2.1-or-later
// The one border between values and nginx's configuration language: every value that is not the renderer's own constant
// goes through here. Only for directives in which nginx expands no variables ("$" cannot be quoted): server_name,
// server in an upstream, an upstream's name, include.
#pragma once

#include <string>
#include <string_view>

namespace heberg::proxy {

// "value", so that nginx reads the very same bytes (ngx_conf_read_token). Throws std::invalid_argument for control
// characters: the caller has refused them before.
[[nodiscard]] std::string quote(std::string_view value);

// A regular expression that backtracks without end would hold the worker, and so every site, for a tenth of a second a
// request (nginx's default limit is PCRE2's, ten million steps); ten thousand steps are a quarter of a millisecond.
[[nodiscard]] std::string limit_matching(std::string_view regex);

// A name for an upstream: lower-case letters, digits, ".", "_", "-" stay, any other byte becomes "+" and two digits.
// Two values never share a name (nginx compares without case), and none meets an upstream of the sysadmin's own.
[[nodiscard]] std::string upstream_name(std::string_view host);

}  // namespace heberg::proxy
