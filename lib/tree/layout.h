// SPDX-License-Identifier: LGPL-2.1-or-later
// The names below the sites root: what a site's tree is made of, and where a tree is while it comes or goes. Nowhere
// else are they spelled. Their owners and modes: site_trees.h.
#pragma once

#include "base/names.h"

#include <optional>
#include <string>
#include <string_view>

namespace heberg::tree {

// Folders of a site's tree, and files in them.
inline constexpr char k_www_folder[] = "www";
inline constexpr char k_logs_folder[] = "logs";
inline constexpr char k_ssh_folder[] = ".ssh";
inline constexpr char k_secrets_folder[] = ".heberg";
inline constexpr char k_dev_folder[] = "dev";
inline constexpr char k_password_file[] = "password";     // in .heberg
inline constexpr char k_keys_file[] = "authorized_keys";  // in .heberg and in .ssh
inline constexpr char k_quota_file[] = "quota";           // in .heberg
inline constexpr char k_log_socket_link[] = "log";        // in dev

// Beside the trees. No site's name begins with a dot.
inline constexpr char k_log_socket[] = ".sftp-log";

// The document root of a site, as the engine mounts it. root: the sites root on the host.
[[nodiscard]] inline std::string www_path(const std::string& root, std::string_view site) {
  return root + "/" + std::string(site) + "/" + k_www_folder;
}

// A tree that is to be deleted.
[[nodiscard]] inline std::string purged_name(std::string_view site) {
  return "." + std::string(site) + ".purged";
}
// A tree that its archive has taken the place of, until it is deleted.
[[nodiscard]] inline std::string archived_name(std::string_view site) {
  return "." + std::string(site) + ".archived";
}
// A tree that comes from another host, until it is whole.
[[nodiscard]] inline std::string incoming_name(std::string_view site) {
  return "." + std::string(site) + ".incoming";
}
// A tree that is made from an archive, until it is whole; one that is removed again.
[[nodiscard]] inline std::string restored_name(std::string_view site) {
  return "." + std::string(site) + ".restore";
}
// The site of a folder with one of the four names above; nullopt: it has none of them. Files in it may have the UID of
// a site that is purged.
[[nodiscard]] inline std::optional<std::string_view> site_of_leftover(std::string_view name) {
  const auto dot = name.rfind('.');
  if (!name.starts_with('.') || dot == 0) return std::nullopt;
  const auto site = name.substr(1, dot - 1);
  if (!is_site_name(site)) return std::nullopt;
  for (const auto& known : {purged_name(site), archived_name(site), incoming_name(site), restored_name(site)}) {
    if (name == known) return site;
  }
  return std::nullopt;
}

// A backup's tree while it is compared; in the archives' folder.
[[nodiscard]] inline std::string verified_name(std::string_view site) {
  return "." + std::string(site) + ".verify";
}

}  // namespace heberg::tree
