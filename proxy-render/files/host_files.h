// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's own files, by nginx-proxy's names:
//   vhost.d/HOST                     is included in the host's server
//   vhost.d/HOST_location            is included in its locations
//   vhost.d/HOST_SHA1_location       is included in one location, the SHA-1 of whose VIRTUAL_PATH it names
//   htpasswd/HOST, htpasswd/HOST_SHA1  users and passwords (htpasswd(1)), likewise
//   vhost.d/default                  for each host without a file of its own; default_location likewise
//   conf.d/*.conf                    nginx's http level
//   conf.d/frame.mustache            what is around all hosts (preamble_template.h)
//   errors/50x.html                  a page for all hosts
// HOST is a name as it is served: "www.example.org", "*.example.org"; of a regular expression its SHA-1. nginx tests
// the contents; a file that it refuses affects its own host alone (publication.h).
//
// A file may restrict access. So a file that exists and cannot be used (not a regular file, a link out of its folder,
// not root's alone, unreadable for nginx's workers) does not count as absent: it has a fault, and closes its host.
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
  std::set<std::string> sets = {};  // directives that replace the renderer's own (directives.h)
  auto operator<=>(const host_file&) const = default;
};

using host_files = std::map<std::string, host_file>;  // by file name, as a host's name is compared

enum class read_by {
  nginx,    // its master, which is root
  workers,  // at each request, as www-data
};

// The files whose names may be a host's. Empty where there is no such folder. Throws std::system_error where it cannot be read.
[[nodiscard]] host_files list_host_files(const std::string& folder, read_by reader = read_by::nginx);

// All files whose names can be written into nginx's configuration; not hidden ones. By name.
[[nodiscard]] host_files list_plain_files(const std::string& folder, read_by reader = read_by::nginx);

inline constexpr char k_preamble_file[] = "frame.mustache";

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
