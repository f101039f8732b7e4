// SPDX-License-Identifier: LGPL-2.1-or-later
// From containers to what the proxy serves: which host name goes to which addresses, and what is refused, with the
// reason. Pure.
//
// Who takes part: a running container with a VIRTUAL_HOST. One that does not run (paused, restarting, stopped) keeps a
// *site's* names, so that they answer 503 and nobody else's wildcard or late claim gets them; a container that is no
// site's counts only while it runs, as with nginx-proxy. One that was created and never started does not count yet.
//
// Whose a name is: the owner that claimed it first, as remembered (claims.h). Owners are sites; for containers that are
// no site's, compose projects; all others together are the sysadmin's own, and share names as with nginx-proxy.
// Containers of one owner are balanced. One that is starting or ill gets nothing while another is well; another owner's
// claim on the name is refused, its other names stand.
#pragma once

#include "docker/watcher.h"
#include "proxy-render/certificates.h"
#include "proxy-render/host_files.h"
#include "site/access.h"
#include "site/external_ports.h"
#include "site/hosts.h"
#include "site/limits.h"
#include "site/paths.h"
#include "site/site.h"
#include "site/tls.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace heberg::proxy {

struct memory;

struct backend {
  std::string address;  // "172.17.0.2", "[fd00::2]": from inet_ntop(3), never the engine's own text
  std::uint16_t port = 0;
  std::string container;
  auto operator<=>(const backend&) const = default;
};

enum class service {
  up,
  unreachable,  // runs, but not where the proxy reaches it: 502
  unhealthy,    // runs, but all of its containers say that they are ill: 503
  stopped,      // 503
};

// Some of a host's URLs.
struct location {
  site::route route;
  bool internal = false;  // private addresses alone
  enum service service = service::stopped;
  std::vector<backend> backends;  // sorted; empty unless it is up
  files_of_host files = {};       // those that are for it alone
};

// A host name. What its containers say differently is as the oldest of them says, but for the stricter NETWORK_ACCESS.
struct vhost {
  site::host host;
  std::string owner;  // "site:NAME", "compose:PROJECT", "container:NAME" or "sysadmin"
  site::limits limits;
  site::tls tls;
  site::external_ports external;
  std::string certificate;        // its name; empty: http alone
  std::string certificate_stamp;  // see certificates
  files_of_host files;
  bool maintenance = false;
  bool closed = false;  // a file of the sysadmin's for it cannot be used
  bool server_tokens = false;
  std::vector<location> locations;      // sorted by path, regular expressions in the order of their containers
  std::string redirect_to;              // another name; then there are no locations
  std::vector<std::string> containers;  // all that claim it, oldest first
};

// The best of its locations' services; up for a redirection.
[[nodiscard]] service service_of(const vhost& vhost);

// Something of a container that the sysadmin must know. Printable throughout.
struct complaint {
  std::string container;
  std::string variable;  // VIRTUAL_HOST, VIRTUAL_PORT, or empty
  std::string value;
  std::string reason;
  auto operator<=>(const complaint&) const = default;
};

// A file of the sysadmin's that cannot be used. Printable throughout.
struct file_fault {
  std::string path;
  std::string reason;
  auto operator<=>(const file_fault&) const = default;
};

// The sysadmin's lines for all who have no file of their own; an empty path: none.
struct default_files {
  host_file server;
  host_file location;
  auto operator<=>(const default_files&) const = default;
};

struct plan {
  std::vector<vhost>
      vhosts;  // by kind and name; regular expressions last, the oldest claim first (nginx takes the first match)
  std::vector<complaint> refused;             // sorted
  std::vector<complaint> unreachable;         // sorted
  std::vector<file_fault> broken_files = {};  // sorted
  default_files defaults = {};                // nginx has not judged them yet
};

struct plan_options {
  site::site_settings sites;
  std::vector<std::uint16_t>
      own_ports;  // the proxy's, http's first: a container on the host's network cannot be meant by them
  proxy::certificates certificates = {};
  host_files vhost_d = {};
  host_files htpasswd = {};
  std::chrono::milliseconds keep_names{0};  // for an owner without a container
};

// memory: what is known from before; brought up to date.
[[nodiscard]] plan make_plan(const docker::containers& containers, const plan_options& options, memory& memory,
                             std::chrono::sys_seconds now);

// Without a memory.
[[nodiscard]] plan make_plan(const docker::containers& containers, const plan_options& options);

}  // namespace heberg::proxy
