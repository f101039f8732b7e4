// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/changed_files.h"

#include "proxy-render/files/file_stamp.h"

#include <filesystem>
#include <set>

namespace heberg::proxy {
namespace {

bool is_changed(const host_file& file) {
  return !file.path.empty() && stamp_of(std::filesystem::path(file.path)) != file.stamp;
}

std::optional<std::string> find_changed(const files_of_host& files) {
  for (const auto* file : {&files.server, &files.location, &files.passwords}) {
    if (is_changed(*file)) return file->path;
  }
  return std::nullopt;
}

std::optional<std::string> find_changed(const default_files& files) {
  for (const auto* file : {&files.server, &files.location, &files.error_page, &files.preamble}) {
    if (is_changed(*file)) return file->path;
  }
  for (const auto& file : files.http) {
    if (is_changed(file)) return file.path;
  }
  return std::nullopt;
}

std::optional<std::string> find_changed(const vhost& vhost) {
  if (auto changed = find_changed(vhost.files)) return changed;
  for (const auto& location : vhost.locations) {
    if (auto changed = find_changed(location.files)) return changed;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_changed_file(const plan& plan, const std::string& certs) {
  if (auto changed = find_changed(plan.defaults)) return changed;
  std::set<std::string> unchanged;  // certificates: many hosts may share one
  for (const auto& vhost : plan.vhosts) {
    if (auto changed = find_changed(vhost)) return changed;
    const auto& name = vhost.certificate;
    if (name.empty() || !unchanged.insert(name).second) continue;
    if (stamp_of_certificate(certs, name) != vhost.certificate_stamp) return certs + "/" + name + ".crt";
  }
  return std::nullopt;
}

}  // namespace heberg::proxy
