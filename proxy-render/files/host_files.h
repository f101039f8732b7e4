// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's own files for one host, by nginx-proxy's names: vhost.d/HOST is read into the host's server,
// vhost.d/HOST_location into its locations, htpasswd/HOST says who gets in (htpasswd(1)). HOST is a name as it is
// served: "www.example.org", "*.example.org"; of a regular expression its SHA-1. HOST_SHA1_location and htpasswd's
// HOST_SHA1 are for one VIRTUAL_PATH alone, whose SHA-1 it is. nginx judges what they say; one that it refuses costs
// its own host alone (publish.h).
// vhost.d/default and vhost.d/default_location are everybody's who has none of his own; conf.d/*.conf is of nginx's
// http level, conf.d/frame.mustache what is around all hosts (frame_template.h), errors/50x.html a page for all.
//
// A file may be what keeps somebody out. So one that is there and cannot be used (no regular file, a link out of its
// folder, not root's alone, unreadable for nginx's workers) is not as good as none: it has a fault, and closes what
// asks for it.
#pragma once

#include "site/hosts.h"
#include "site/paths.h"

#include <map>
#include <set>
#include <string>

namespace heberg::proxy {

struct host_file {
  std::string path;
  std::string stamp;                // a text that changes when the file does
  std::string fault = {};           // why it cannot be used; empty: it can
  std::set<std::string> sets = {};  // directives of ours that give way to its own (directives.h)
  auto operator<=>(const host_file&) const = default;
};

using host_files = std::map<std::string, host_file>;  // by file name, as a host's name is compared

enum class read_by {
  nginx,    // its master, which is root
  workers,  // at each request, as www-data
};

// What may be a host's. Empty where there is no such folder. Throws std::system_error where it cannot be read.
[[nodiscard]] host_files list_host_files(const std::string& folder, read_by reader = read_by::nginx);

// All files that have a name which nginx could be told; not hidden ones. By that name.
[[nodiscard]] host_files list_plain_files(const std::string& folder, read_by reader = read_by::nginx);

inline constexpr char k_frame_file[] = "frame.mustache";

// What is in one of them; empty for one that cannot be used. One that was removed since it was listed is taken out of the
// list. Throws std::system_error.
[[nodiscard]] std::string read_file(host_files& files, const std::string& name);

struct files_of_host {
  host_file server;  // an empty path: there is none
  host_file location;
  host_file passwords;
  bool operator==(const files_of_host&) const = default;
};

// Those of one host. Pure.
[[nodiscard]] files_of_host choose_files(const site::host& host, const host_files& vhost_d, const host_files& htpasswd);

// Those that are for one of its locations alone. Pure.
[[nodiscard]] files_of_host choose_files(const site::host& host, const site::path& path, const host_files& vhost_d,
                                         const host_files& htpasswd);

}  // namespace heberg::proxy
