// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/archive/certificate_names.h"

#include "archive/manifest.h"

#include <unistd.h>

#include <algorithm>
#include <set>

namespace heberg::ctl {
namespace {

bool is_here(const std::string& folder, const std::string& name) {
  const auto has = [&](const char* suffix) { return ::access((folder + "/" + name + suffix).c_str(), F_OK) == 0; };
  return archive::is_certificate_name(name) && has(".crt") && has(".key");
}

}  // namespace

std::vector<std::string> list_certificates_of(const std::string& folder, const specification& wanted) {
  constexpr std::string_view k_named = "CERT_NAME=";
  std::set<std::string> names;
  const auto named = std::ranges::find_if(wanted.environment, [](const auto& x) { return x.starts_with(k_named); });
  if (named != wanted.environment.end() && named->size() > k_named.size()) {
    if (const auto name = named->substr(k_named.size()); is_here(folder, name)) names.insert(name);
    return {names.begin(), names.end()};
  }
  for (const auto& host : wanted.hosts) {
    if (is_here(folder, host)) {
      names.insert(host);
    } else if (std::ranges::count(host, '.') > 1) {
      if (const auto parent = host.substr(host.find('.') + 1); is_here(folder, parent)) names.insert(parent);
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> find_missing(const std::string& folder, const std::vector<std::string>& names) {
  std::vector<std::string> missing;
  std::ranges::copy_if(names, std::back_inserter(missing), [&](const auto& name) { return !is_here(folder, name); });
  return missing;
}

std::string join_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace heberg::ctl
