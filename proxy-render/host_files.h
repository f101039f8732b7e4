// SPDX-License-Identifier: LGPL-2.1-or-later
// The sysadmin's own files for one host, by nginx-proxy's names: vhost.d/HOST is read into the host's server,
// vhost.d/HOST_location into its locations, htpasswd/HOST says who gets in (htpasswd(1)). HOST is a name as it is
// served: "www.example.org", "*.example.org". nginx judges what they say; one that it refuses costs its own host alone
// (publish.h).
#pragma once

#include "site/hosts.h"

#include <map>
#include <string>

namespace heberg::proxy {

struct host_file {
  std::string path;
  std::string stamp;  // a text that changes when the file does
  auto operator<=>(const host_file&) const = default;
};

using host_files = std::map<std::string, host_file>;  // by file name

// Regular files whose name is a host's, with or without "_location". Empty where there is no such folder. Throws
// std::system_error where it cannot be read.
[[nodiscard]] host_files list_host_files(const std::string& folder);

struct files_of_host {
  host_file server;  // an empty path: there is none
  host_file location;
  host_file passwords;
  bool operator==(const files_of_host&) const = default;
};

// Those of one host. A regular expression has none. Pure.
[[nodiscard]] files_of_host choose_files(const site::host& host, const host_files& vhost_d, const host_files& htpasswd);

}  // namespace heberg::proxy
