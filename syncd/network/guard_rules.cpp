// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/network/guard_rules.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace heberg::syncd {
namespace {

constexpr std::string_view k_no_guard = R"(table bridge heberg
delete table bridge heberg
table inet heberg
delete table inet heberg
)";

// Before the bridge learns a sender's place, and before the netfilter rules of other programs for bridged frames (-300 to
// 300). What a port may send: ARP and IPv4 from its own MAC and address, IPv6 where its network has it. A neighbour
// advertisement may name the port's own address alone; the option in it is not looked at: it tells the sender's own MAC,
// or spoils the sender's own address. No tagged frame, no spanning tree, no other protocol. What goes to the bridges'
// own group addresses (802.1X and others) skips prerouting, and teaches the bridge all the same: the chain input drops it.
// LLDP's skips every hook, for which host_network::set_no_linklocal_learn is.
constexpr std::string_view k_bridge_chains = R"(  chain prerouting {
    type filter hook prerouting priority -350; policy accept;
@bridge_names@    iifname @closed_ports jump from_port
    iifname @site_ports jump from_port
  }
  chain from_port {
    ether type arp iifname . ether saddr . arp saddr ip @ipv4 iifname . arp saddr ether . arp saddr ip @ipv4 accept
    ether type ip iifname . ether saddr . ip saddr @ipv4 accept
    ether type ip6 iifname . ether saddr . ip6 saddr @ipv6 goto from_port6
    counter drop
  }
  chain from_port6 {
    icmpv6 type { nd-router-advert, nd-redirect } counter drop
    icmpv6 type nd-neighbor-advert iifname . @th,64,128 @advertised accept
    icmpv6 type nd-neighbor-advert counter drop
  }
  chain input {
    type filter hook input priority -350; policy accept;
    ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 iifname @closed_ports counter drop
    ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 iifname @site_ports counter drop
  }
  chain forward {
    type filter hook forward priority -350; policy accept;
@bridge_pairs@    iifname @closed_ports oifname @closed_ports counter drop
    iifname . oifname @same_site_ports accept
    iifname @site_ports oifname @site_ports counter drop
  }
}
)";

// "accept" ends this table's chain alone: the rules of the engine and of others hold as well.
constexpr std::string_view k_inet_chains = R"(  chain input {
    type filter hook input priority -10; policy accept;
    iifname @closed_bridges jump to_host
    iifname . ip saddr @addresses4 jump to_host
    iifname . ip6 saddr @addresses6 jump to_host
  }
  chain to_host {
    ct state established,related accept
    jump resolve
    ip daddr 169.254.0.0/16 counter reject with icmpx admin-prohibited
    icmp type echo-request accept
    icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert } accept
    meta l4proto . th dport @ports accept
    meta l4proto tcp counter reject with tcp reset
    counter reject with icmpx admin-prohibited
  }
  chain resolve {
    ip daddr @resolvers4 meta l4proto { tcp, udp } th dport 53 accept
    ip6 daddr @resolvers6 meta l4proto { tcp, udp } th dport 53 accept
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname @closed_bridges jump beyond
    iifname . ip saddr @addresses4 jump beyond
    iifname . ip6 saddr @addresses6 jump beyond
  }
  chain beyond {
    ct state established,related accept
    ip saddr . ip daddr @same_site4 accept
    ip6 saddr . ip6 daddr @same_site6 accept
    oifname . ip daddr @addresses4 counter reject with icmpx admin-prohibited
    oifname . ip6 daddr @addresses6 counter reject with icmpx admin-prohibited
    iifname . oifname @same_bridge accept
    jump resolve
    ip daddr 169.254.0.0/16 counter reject with icmpx admin-prohibited
    ip6 daddr fe80::/10 counter drop
    oifname @engine_bridges counter reject with icmpx admin-prohibited
  }
}
)";

std::string in_quotes(std::string_view name) {
  return "\"" + std::string(name) + "\"";
}

// How a set's elements are written: one function for each form.
std::string element_of(const std::string& name) {
  return in_quotes(name);
}

std::string element_of(const std::tuple<std::string, std::string, std::string>& sender) {
  const auto& [port, mac, address] = sender;
  return in_quotes(port) + " . " + mac + " . " + address;
}

std::string names_of(const std::pair<std::string, std::string>& both) {
  return in_quotes(both.first) + " . " + in_quotes(both.second);
}

std::string name_and_address(const std::pair<std::string, std::string>& one) {
  return in_quotes(one.first) + " . " + one.second;
}

std::string addresses_of(const std::pair<std::string, std::string>& both) {
  return both.first + " . " + both.second;
}

template <class list, class writer>
void append_set(std::string& text, std::string_view name, std::string_view type, const list& elements,
                const writer& write) {
  text.append("  set ").append(name).append(" { ").append(type).append(";");
  const char* before = " elements = { ";
  for (const auto& element : elements) {
    text.append(before).append(write(element));
    before = ",\n    ";
  }
  text.append(elements.empty() ? " }\n" : " } }\n");
}

void append_names(std::string& text, std::string_view name, const guard_plan::names& names) {
  append_set(text, name, "type ifname", names, [](const std::string& one) { return element_of(one); });
}

// What a neighbour advertisement may name: the address as the number that nft compares raw bytes with.
std::string advertised_of(const std::tuple<std::string, std::string, std::string>& sender) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  static_cast<void>(::inet_pton(AF_INET6, std::get<2>(sender).c_str(), bytes.data()));
  std::string number = "0x";
  for (const auto byte : bytes) {
    number += k_digits[byte >> 4U];
    number += k_digits[byte & 15U];
  }
  return in_quotes(std::get<0>(sender)) + " . " + number;
}

std::string replaced(std::string_view text, std::string_view word, std::string_view by) {
  std::string result(text);
  result.replace(result.find(word), word.size(), by);
  return result;
}

bool is_address(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(family, text.c_str(), bytes.data()) == 1;
}

std::vector<std::string> those_of(int family, const std::vector<std::string>& addresses) {
  std::vector<std::string> some;
  std::ranges::copy_if(addresses, std::back_inserter(some),
                       [family](const std::string& one) { return is_address(family, one); });
  return some;
}

void append_bridge_table(std::string& text, const guard_plan& plan, const guard_options& options) {
  const auto write = [](const auto& one) { return element_of(one); };
  text += "table bridge heberg {\n";
  append_names(text, "closed_bridges", plan.closed_bridges);
  append_names(text, "closed_ports", plan.closed_ports);
  append_names(text, "site_ports", plan.site_ports);
  append_set(text, "same_site_ports", "type ifname . ifname", plan.same_site_ports, names_of);
  append_set(text, "ipv4", "type ifname . ether_addr . ipv4_addr", plan.ipv4, write);
  append_set(text, "ipv6", "type ifname . ether_addr . ipv6_addr", plan.ipv6, write);
  append_set(text, "advertised", "typeof iifname . @th,64,128", plan.ipv6, advertised_of);
  // With them a port is closed from the moment that the engine makes it, whether heberg-syncd runs or not.
  const auto chains = replaced(
      k_bridge_chains, "@bridge_names@",
      options.has_bridge_names ? "    meta ibrname @closed_bridges iifname != @closed_ports counter drop\n" : "");
  text += replaced(
      chains, "@bridge_pairs@",
      options.has_bridge_names ? "    meta ibrname @closed_bridges meta obrname @closed_bridges counter drop\n" : "");
}

void append_inet_table(std::string& text, const guard_plan& plan, const guard_options& options) {
  text += "table inet heberg {\n";
  append_names(text, "closed_bridges", plan.closed_bridges);
  append_names(text, "engine_bridges", plan.engine_bridges);
  guard_plan::pairs same_bridge;
  for (const auto& [bridge, address] : plan.addresses4) same_bridge.emplace(bridge, bridge);
  for (const auto& [bridge, address] : plan.addresses6) same_bridge.emplace(bridge, bridge);
  append_set(text, "same_bridge", "type ifname . ifname", same_bridge, names_of);
  append_set(text, "addresses4", "type ifname . ipv4_addr", plan.addresses4, name_and_address);
  append_set(text, "addresses6", "type ifname . ipv6_addr", plan.addresses6, name_and_address);
  append_set(text, "same_site4", "type ipv4_addr . ipv4_addr", plan.same_site4, addresses_of);
  append_set(text, "same_site6", "type ipv6_addr . ipv6_addr", plan.same_site6, addresses_of);
  append_set(text, "ports", "type inet_proto . inet_service; flags interval; auto-merge", options.ports,
             [](const std::string& port) { return replaced(port, "/", " . "); });
  const auto as_it_is = [](const std::string& one) { return one; };
  append_set(text, "resolvers4", "type ipv4_addr", those_of(AF_INET, options.resolvers), as_it_is);
  append_set(text, "resolvers6", "type ipv6_addr", those_of(AF_INET6, options.resolvers), as_it_is);
  text += k_inet_chains;
}

}  // namespace

std::vector<std::string> list_open_ports(const settings& settings) {
  std::set<std::string> ports = {"tcp/" + std::to_string(settings.proxy.http_port),
                                 "tcp/" + std::to_string(settings.proxy.https_port),
                                 "udp/" + std::to_string(settings.proxy.https_port)};  // HTTP/3
  for (const auto& external : settings.proxy.external_ports) ports.insert("tcp/" + external);
  ports.insert(settings.network.host_ports.begin(), settings.network.host_ports.end());
  return {ports.begin(), ports.end()};
}

std::vector<std::string> list_resolvers(std::string_view resolv_conf) {
  constexpr std::string_view k_word = "nameserver";
  constexpr std::string_view k_blank = " \t\r";
  std::set<std::string> found;
  while (!resolv_conf.empty()) {
    const auto end = std::min(resolv_conf.find('\n'), resolv_conf.size());
    auto line = resolv_conf.substr(0, end);
    resolv_conf.remove_prefix(std::min(end + 1, resolv_conf.size()));
    if (!line.starts_with(k_word) || line.size() == k_word.size()) continue;
    line.remove_prefix(k_word.size());
    const auto start = line.find_first_not_of(k_blank);
    if (start == 0 || start == std::string_view::npos) continue;
    line.remove_prefix(start);
    std::string address(line.substr(0, line.find_first_of(k_blank)));
    const bool is_sound = is_address(AF_INET, address) || is_address(AF_INET6, address);
    if (is_sound && !address.starts_with("127.") && address != "::1") found.insert(std::move(address));
  }
  return {found.begin(), found.end()};
}

std::string render_guard(const guard_plan& plan, const guard_options& options) {
  std::string text(k_no_guard);
  append_bridge_table(text, plan, options);
  append_inet_table(text, plan, options);
  return text;
}

std::string render_no_guard() {
  return std::string(k_no_guard);
}

}  // namespace heberg::syncd
