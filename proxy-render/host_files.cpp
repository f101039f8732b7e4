// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/host_files.h"

#include "base/errors.h"
#include "proxy-render/file_stamp.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <variant>

namespace heberg::proxy {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_location = "_location";

// Whoever may write here is root; but the name is rendered, and only a host's name is safe to be.
bool is_name(std::string_view name) {
  if (name.ends_with(k_location)) name.remove_suffix(k_location.size());
  const auto parsed = site::parse_host(name);
  const auto* host = std::get_if<site::host>(&parsed);
  return host != nullptr && host->kind != site::host_kind::regex && host->text == name;
}

host_file take(const host_files& files, const std::string& name) {
  const auto found = files.find(name);
  return found == files.end() ? host_file{} : found->second;
}

}  // namespace

host_files list_host_files(const std::string& folder) {
  host_files found;
  std::error_code error;
  const fs::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return found;
  if (error) throw_errno(error.value(), "open", folder);
  for (const auto& entry : entries) {
    const auto name = entry.path().filename().string();
    if (!is_name(name)) continue;
    if (const auto stamp = stamp_of(entry.path())) found[name] = {entry.path().string(), *stamp};
  }
  return found;
}

files_of_host choose_files(const site::host& host, const host_files& vhost_d, const host_files& htpasswd) {
  if (host.kind == site::host_kind::regex) return {};
  return {.server = take(vhost_d, host.text),
          .location = take(vhost_d, host.text + std::string(k_location)),
          .passwords = take(htpasswd, host.text)};
}

}  // namespace heberg::proxy
