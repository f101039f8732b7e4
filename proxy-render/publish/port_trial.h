// SPDX-License-Identifier: LGPL-2.1-or-later
// Which hosts want a port that nginx does not get? `nginx -t` does not try to listen; where another program has a port,
// nginx's master keeps its old configuration as a whole, and does not say why. Pure. Rules:
//   A port that nginx has served before is nginx's.
//   nginx keeps its old configuration: each host that wants a new port is refused.
//   They are all of one owner: they stay refused until they change.
//   They are of several owners: one of them is to blame, which one is not known. Once nginx serves the text without
//     them, the owners are tried again one after the other.
#pragma once

#include "proxy-render/render/host_config.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::proxy {

class port_trial {
 public:
  port_trial(std::uint16_t http_port, std::uint16_t https_port);  // the proxy's own

  // nginx serves this text: the ports in it are nginx's.
  void note_served(std::string_view text);

  // A port of the host's own that nginx has not served yet; 0: none. nginx listens on an https port only where the
  // host has a certificate.
  [[nodiscard]] std::uint16_t find_new_port(const host_config& config) const;

  // A host in the text that nginx does not take.
  struct tried_host {
    std::string owner;
    shared_config config;
  };
  struct refusal {
    std::size_t index = 0;  // among the tried hosts
    std::uint16_t port = 0;
  };
  [[nodiscard]] std::vector<refusal> refuse_new_ports(const std::vector<tried_host>& hosts);

  // One owner's hosts that were refused together with another owner's.
  struct retrial {
    std::string owner;
    std::set<host_config> configs;
  };
  // The next one to be tried again; nothing where none is left.
  [[nodiscard]] std::optional<retrial> take_retrial();
  void forget_retrials() { retrials_.clear(); }

 private:
  std::set<std::uint16_t> own_;                            // the proxy's
  std::set<std::uint16_t> served_;                         // hosts' own, that nginx was seen to have
  std::map<std::string, std::set<host_config>> retrials_;  // by owner
};

}  // namespace heberg::proxy
