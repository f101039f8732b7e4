// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/tls.h"

#include "base/characters.h"
#include "site/values.h"

#include <algorithm>

namespace heberg::site {
namespace {

constexpr std::array<std::pair<std::string_view, https_method>, 4> k_methods = {
    {{"redirect", https_method::redirect},
     {"noredirect", https_method::noredirect},
     {"nohttp", https_method::nohttp},
     {"nohttps", https_method::nohttps}}};

// nginx-proxy's names, and short ones.
constexpr std::array<std::pair<std::string_view, tls_policy>, 4> k_policies = {
    {{"Mozilla-Intermediate", tls_policy::intermediate},
     {"Mozilla-Modern", tls_policy::modern},
     {"intermediate", tls_policy::intermediate},
     {"modern", tls_policy::modern}}};

// "max-age=SECONDS", then optionally includeSubDomains, then optionally preload (RFC 6797). The whole text is given to
// nginx, so the text between these directives is checked, too.
bool is_hsts(std::string_view text) {
  constexpr std::string_view age = "max-age=";
  if (!text.starts_with(age) || std::ranges::any_of(text, is_control)) return false;
  auto end = text.find(';');
  if (!parse_number(trim(text.substr(age.size(), end - age.size())), 0, 1'000'000'000)) return false;
  for (const std::string_view flag : {"includeSubDomains", "preload"}) {
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
    end = text.find(';');
    if (trim(text.substr(0, end)) == flag) continue;
    return flag == "includeSubDomains" && end == std::string_view::npos && trim(text) == "preload";
  }
  return end == std::string_view::npos;
}

}  // namespace

std::variant<tls, refused_value> tls_of(const docker::container& container) {
  tls found;
  if (const auto text = read_value(container, "HTTPS_METHOD"); !text.empty()) {
    const auto known = parse_choice(text, k_methods);
    if (!known) return refuse_choice("HTTPS_METHOD", text);
    found.method = *known;
  }
  if (const auto text = read_value(container, "HSTS"); text == "off") {
    found.hsts.clear();
  } else if (!text.empty()) {
    if (!is_hsts(text)) return refuse("HSTS", text, "is neither off nor max-age=SECONDS; includeSubDomains; preload");
    found.hsts = text;
  }
  if (const auto text = read_value(container, "SSL_POLICY"); !text.empty()) {
    const auto known = parse_choice(text, k_policies);
    if (!known) return refuse_choice("SSL_POLICY", text);
    found.policy = *known;
  }
  if (const auto text = read_value(container, "CERT_NAME"); !text.empty()) {
    // The name of a file in the certificates' folder, and of none elsewhere: what a host name is made of.
    const auto parsed = parse_host(text);
    const auto* name = std::get_if<host>(&parsed);
    if (name == nullptr || name->kind != host_kind::name)
      return refuse("CERT_NAME", text, "is not a certificate name such as example.org");
    found.certificate = name->text;
  }
  return found;
}

}  // namespace heberg::site
