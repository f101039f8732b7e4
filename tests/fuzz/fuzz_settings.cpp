// SPDX-License-Identifier: LGPL-2.1-or-later
// Whatever heberg.toml holds, the settings are within their ranges, or the complaint names the file.
#include "program/settings.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

bool is_path(const std::string& path) {
  return path.starts_with('/') && (path == "/" || !path.ends_with('/')) &&
         (path + "/").find("/../") == std::string::npos && path.find('\n') == std::string::npos &&
         path.find('\0') == std::string::npos;
}

void check(const heberg::settings& s) {
  for (const auto* path : {&s.state_dir, &s.sites.root, &s.sites.host_root, &s.accounts.shell, &s.proxy.output,
                           &s.proxy.certs, &s.proxy.vhost_d, &s.proxy.htpasswd}) {
    must(is_path(*path));
  }
  for (const auto* path : {&s.sites.root, &s.sites.host_root, &s.accounts.shell})
    must(*path != "/" && path->find(':') == std::string::npos);
  must(s.accounts.uid_min >= 1000 && s.accounts.uid_min <= s.accounts.uid_max && s.accounts.uid_max <= 0x7fffffff);
  must(s.accounts.uid_max < 65534 || s.accounts.uid_min > 65534);
  must(s.accounts.retire_after.count() >= 0 && s.accounts.retire_after.count() <= 86'400'000);
  must(s.proxy.http_port > 0 && s.proxy.https_port > 0);
  must(s.docker.host.starts_with("unix:///") || s.docker.host.starts_with("tcp://"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    check(heberg::parse_settings(text, "heberg.toml"));
  } catch (const heberg::settings_error& error) {
    must(std::string_view(error.what()).starts_with("heberg.toml:"));
  }
  return 0;
}
