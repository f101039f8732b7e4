// SPDX-License-Identifier: LGPL-2.1-or-later
// From containers to what the proxy serves: which host name goes to which addresses, and what is refused, with the
// reason. Pure.
//
// Containers that count: a running one with a VIRTUAL_HOST. One that does not run (paused, restarting, stopped) keeps a
// *site's* names, so that they answer 503, and no other owner's wildcard or later request gets them; a container of no
// site counts only while it runs, as with nginx-proxy. One that was created and never started does not count yet.
//
// The owner of a name: the one that requested it first (host_ownership.h). Owners are sites. A container of no site
// shares a name with nobody, but for the names that the sysadmin lists (shared_hosts). Requests are balanced over the
// containers of one owner. One that is starting or unhealthy gets no request while another is healthy. Another owner's
// request for the name is refused, its other names are served. A container that is meant for a site and is none
// (site::rejected_container) is not served.
#pragma once

#include "docker/watcher.h"
#include "proxy-render/files/certificates.h"
#include "proxy-render/files/host_files.h"
#include "proxy-render/plan/address.h"
#include "site/access.h"
#include "site/external_ports.h"
#include "site/hosts.h"
#include "site/limits.h"
#include "site/paths.h"
#include "site/site.h"
#include "site/tls.h"

#include <boost/iterator/indirect_iterator.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace heberg::proxy {

struct backend {
  std::string address;  // "172.17.0.2", "[fd00::2]": from inet_ntop(3), never the engine's own text
  std::uint16_t port = 0;
  std::string container;
  auto operator<=>(const backend&) const = default;
};

enum class service {
  up,
  unreachable,  // runs, but not where the proxy reaches it: 502
  unhealthy,    // runs, but all of its containers are unhealthy: 503
  stopped,      // 503
};

// Some of a host's URLs, as nginx's location.
struct location {
  site::route route;
  bool internal = false;  // private addresses alone
  enum service service = service::stopped;
  std::vector<backend> backends;  // sorted; empty unless it is up
  files_of_host files = {};       // for this location alone
  bool operator==(const location&) const = default;
};

// A host name. Where its containers differ the oldest counts, but of NETWORK_ACCESS the stricter value.
struct vhost {
  site::host host;
  std::string owner;  // "site:NAME", "container:NAME", or k_shared_owner
  site::limits limits;
  site::tls tls;
  site::external_ports external;
  std::string certificate;        // its name; empty: http alone
  std::string certificate_stamp;  // see certificates
  files_of_host files;
  bool maintenance = false;
  bool is_default = false;  // over http, it answers unknown host names
  bool closed = false;      // its own file cannot be used, or its own port
  bool server_tokens = false;
  std::vector<location> locations;      // sorted by path, regular expressions in the order of their containers
  std::string redirect_to;              // another name; then there are no locations
  std::vector<std::string> containers;  // all that request it, oldest first
  bool operator==(const vhost&) const = default;
};

using shared_vhost = std::shared_ptr<const vhost>;

// The hosts of a plan. Plans share hosts: one that has not changed is the same object in the next plan.
class vhost_list {
 public:
  vhost_list() = default;
  explicit vhost_list(std::vector<shared_vhost> hosts) : hosts_(std::move(hosts)) {}

  [[nodiscard]] auto begin() const { return boost::make_indirect_iterator(hosts_.begin()); }
  [[nodiscard]] auto end() const { return boost::make_indirect_iterator(hosts_.end()); }
  [[nodiscard]] std::size_t size() const noexcept { return hosts_.size(); }
  [[nodiscard]] bool empty() const noexcept { return hosts_.empty(); }
  [[nodiscard]] const vhost& operator[](std::size_t i) const { return *hosts_[i]; }
  [[nodiscard]] const vhost& at(std::size_t i) const { return *hosts_.at(i); }
  [[nodiscard]] const std::vector<shared_vhost>& shared() const noexcept { return hosts_; }

 private:
  std::vector<shared_vhost> hosts_;
};

// The best of its locations' services; up for a redirection.
[[nodiscard]] service service_of(const vhost& vhost);

// A value of a container that is refused, or a container that cannot be reached. Printable throughout.
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

// The sysadmin's files for all; an empty path: none.
struct default_files {
  host_file server;    // for hosts without a file of their own
  host_file location;  // likewise
  host_file error_page = {};
  host_file preamble = {};           // what is around the hosts (preamble_template.h)
  std::string preamble_text = {};    // and its contents
  std::vector<host_file> http = {};  // nginx's http level, by name
  auto operator<=>(const default_files&) const = default;
};

struct plan {
  // By kind and name; regular expressions last, the oldest first (nginx takes the first match).
  vhost_list vhosts;
  std::vector<complaint> refused;                 // sorted
  std::vector<complaint> unreachable;             // sorted
  std::vector<file_fault> broken_files = {};      // sorted
  default_files defaults = {};                    // nginx has not tested them yet
  proxy_location from = {};                       // where nginx runs
  std::vector<std::string> engine_networks = {};  // subnets that are never internal (engine_networks.h); sorted
};

inline constexpr char k_shared_owner[] = "shared";  // of proxy.shared_hosts

struct port_range {
  std::uint16_t first = 0, last = 0;  // both of them, too
};

struct plan_options {
  site::site_settings sites;
  std::vector<std::uint16_t>
      own_ports;  // the proxy's, http's first: they are never a port of a container on the host's network
  proxy::certificates certificates = {};
  host_files vhost_d = {};
  host_files htpasswd = {};
  host_files conf_d = {};
  std::string preamble_text = {};  // of conf.d's frame.mustache
  host_files errors = {};
  std::vector<port_range> external_ports = {};         // that containers may request
  std::set<site::host> shared_hosts = {};              // that containers of no site may share
  std::map<site::host, std::string> host_owners = {};  // what the sysadmin gives: "site:NAME", "container:NAME"
  std::string gift_key = {};                           // of hebergctl's gifts (site/host_gift.h); empty: there are none
  std::chrono::milliseconds keep_names{0};             // of an owner without a container
  std::optional<site::host> default_host = {};
  proxy_location_options location = {};
};

}  // namespace heberg::proxy
