// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/certificates.h"

#include "base/errors.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace heberg::proxy {
namespace {

namespace fs = std::filesystem;

// Follows links: certbot's and dehydrated's certificates are.
std::optional<std::string> stamp_of(const fs::path& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return std::nullopt;
  return std::to_string(file.st_ino) + "." + std::to_string(file.st_mtim.tv_sec) + "." +
         std::to_string(file.st_mtim.tv_nsec);
}

}  // namespace

certificates list_certificates(const std::string& folder) {
  certificates found;
  std::error_code error;
  const fs::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return found;
  if (error) throw_errno(error.value(), "open", folder);
  for (const auto& entry : entries) {
    const auto& path = entry.path();
    const auto name = site::parse_host(path.stem().string());
    const auto* host = std::get_if<site::host>(&name);
    // Whoever may write here is root; but a name is rendered, and only a host name is safe to be.
    if (path.extension() != ".crt" || host == nullptr || host->text != path.stem().string()) continue;
    const auto certificate = stamp_of(path);
    const auto key = stamp_of(fs::path(path).replace_extension(".key"));
    if (certificate && key) found[host->text] = *certificate + " " + *key;
  }
  return found;
}

std::optional<std::string> choose_certificate(const certificates& all, const site::host& host,
                                              const std::string& wanted) {
  const auto take = [&all](const std::string& name) { return all.contains(name) ? std::optional(name) : std::nullopt; };
  if (!wanted.empty()) return take(wanted);
  if (host.kind == site::host_kind::name || host.kind == site::host_kind::leading_wildcard) {
    if (const auto own = take(host.text)) return own;
    if (std::ranges::count(host.text, '.') > 1) {
      if (const auto parent = take(host.text.substr(host.text.find('.') + 1))) return parent;
    }
  }
  return take("default");
}

}  // namespace heberg::proxy
