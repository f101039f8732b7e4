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
#include <memory>
#include <optional>
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
  bool operator==(const location&) const = default;
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
  bool is_default = false;  // over http, it answers names that nobody serves
  bool closed = false;      // a file of the sysadmin's for it cannot be used, or a port of its own
  bool server_tokens = false;
  std::vector<location> locations;      // sorted by path, regular expressions in the order of their containers
  std::string redirect_to;              // another name; then there are no locations
  std::vector<std::string> containers;  // all that claim it, oldest first
  bool operator==(const vhost&) const = default;
};

using shared_vhost = std::shared_ptr<const vhost>;

// Hosts as one plan shares them with the next: one that is as it was is the same object.
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

// The sysadmin's files for all; an empty path: none.
struct default_files {
  host_file server;    // for those who have none of their own
  host_file location;  // likewise
  host_file error_page = {};
  host_file frame = {};              // what is around the hosts (frame_template.h)
  std::string frame_text = {};       // and what is in it
  std::vector<host_file> http = {};  // nginx's http level, by name
  auto operator<=>(const default_files&) const = default;
};

struct plan {
  // By kind and name; regular expressions last, the oldest claim first (nginx takes the first match).
  vhost_list vhosts;
  std::vector<complaint> refused;             // sorted
  std::vector<complaint> unreachable;         // sorted
  std::vector<file_fault> broken_files = {};  // sorted
  default_files defaults = {};                // nginx has not judged them yet
  vantage from = {};                          // where nginx stands
};

struct plan_options {
  site::site_settings sites;
  std::vector<std::uint16_t>
      own_ports;  // the proxy's, http's first: a container on the host's network cannot be meant by them
  proxy::certificates certificates = {};
  host_files vhost_d = {};
  host_files htpasswd = {};
  host_files conf_d = {};
  std::string frame_text = {};  // of conf.d's frame.mustache
  host_files errors = {};
  std::chrono::milliseconds keep_names{0};  // for an owner without a container
  std::optional<site::host> default_host = {};
  vantage_options vantage = {};
};

}  // namespace heberg::proxy
