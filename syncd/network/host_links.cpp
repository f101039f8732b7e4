// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/network/host_links.h"

#include "base/errors.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string_view>

namespace heberg::syncd {
namespace {

constexpr std::size_t k_buffer = 64 << 10;  // the kernel's largest part of a dump is 32 kB

unique_fd open_netlink(int family, unsigned groups) {
  unique_fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (groups != 0 ? SOCK_NONBLOCK : 0), family));
  if (!fd) throw_errno("socket", "netlink");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw_errno("bind", "netlink");
  // The kernel answers within the call; a bound all the same.
  const timeval limit{.tv_sec = 2, .tv_usec = 0};
  if (groups == 0 && ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
    throw_errno("setsockopt", "netlink");
  return fd;
}

// A request: its header, the family's own header, one attribute at most.
template <class header>
struct request_of {
  nlmsghdr message{};
  header body{};
  std::array<std::byte, 16> attribute{};

  request_of(int type, unsigned flags) {
    message.nlmsg_len = NLMSG_LENGTH(sizeof body);
    message.nlmsg_type = static_cast<std::uint16_t>(type);
    message.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }

  void add(int type, std::uint32_t value) {
    rtattr head{};
    head.rta_len = RTA_LENGTH(sizeof value);
    head.rta_type = static_cast<std::uint16_t>(type);
    std::memcpy(attribute.data(), &head, sizeof head);
    std::memcpy(attribute.data() + RTA_LENGTH(0), &value, sizeof value);
    message.nlmsg_len = NLMSG_ALIGN(message.nlmsg_len) + RTA_ALIGN(head.rta_len);
  }
};

// What follows a message's header.
template <class body>
const body& body_of(const nlmsghdr& message) {
  return *reinterpret_cast<const body*>(reinterpret_cast<const char*>(&message) + NLMSG_HDRLEN);
}

using message_handler = std::function<void(const nlmsghdr&)>;

// Sends the request and hands on what is answered. 0, or an errno value.
int ask(int fd, const void* request, std::size_t size, bool is_dump, const message_handler& handle) {
  // What an earlier question left unread, after its time was up, is no answer to this one.
  std::vector<char> buffer(k_buffer);
  while (::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
  }
  if (::send(fd, request, size, 0) < 0) return errno;
  for (;;) {
    const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    auto left = static_cast<unsigned>(got);
    for (const auto* at = reinterpret_cast<const nlmsghdr*>(buffer.data()); NLMSG_OK(at, left);
         at = NLMSG_NEXT(at, left)) {
      if (at->nlmsg_type == NLMSG_DONE) return 0;
      if (at->nlmsg_type == NLMSG_ERROR) return -body_of<nlmsgerr>(*at).error;
      handle(*at);
      if (!is_dump) return 0;
    }
  }
}

// Calls handle(type, value) for each attribute that follows a body of that size.
template <class handler>
void each_attribute(const nlmsghdr& message, std::size_t body_size, const handler& handle) {
  if (message.nlmsg_len < NLMSG_SPACE(body_size)) return;
  auto left = static_cast<unsigned>(message.nlmsg_len - NLMSG_SPACE(body_size));
  const auto* at = reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(&message) + NLMSG_SPACE(body_size));
  for (; RTA_OK(at, left); at = RTA_NEXT(at, left)) {
    handle(at->rta_type & NLA_TYPE_MASK, std::string_view(static_cast<const char*>(RTA_DATA(at)), RTA_PAYLOAD(at)));
  }
}

template <class number>
number number_of(std::string_view value) {
  number result{};
  std::memcpy(&result, value.data(), std::min(value.size(), sizeof result));
  return result;
}

std::string text_of(std::string_view value) {
  return std::string(value.substr(0, value.find('\0')));
}

bool is_bridge(std::string_view info) {
  auto left = static_cast<unsigned>(info.size());
  for (const auto* at = reinterpret_cast<const rtattr*>(info.data()); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
    if (at->rta_type == IFLA_INFO_KIND)
      return text_of({static_cast<const char*>(RTA_DATA(at)), RTA_PAYLOAD(at)}) == "bridge";
  }
  return false;
}

host_link link_of(const nlmsghdr& message) {
  host_link link;
  link.index = body_of<ifinfomsg>(message).ifi_index;
  each_attribute(message, sizeof(ifinfomsg), [&link](int type, std::string_view value) {
    if (type == IFLA_IFNAME) link.name = text_of(value);
    if (type == IFLA_MASTER) link.master = number_of<int>(value);
    if (type == IFLA_LINK_NETNSID) link.peer_namespace = number_of<int>(value);
    if (type == IFLA_LINKINFO) link.is_bridge = is_bridge(value);
  });
  return link;
}

}  // namespace

host_network::host_network()
    : route_(open_netlink(NETLINK_ROUTE, 0)),
      changes_(open_netlink(NETLINK_ROUTE, RTMGRP_LINK)),
      netfilter_(open_netlink(NETLINK_NETFILTER, 0)) {}

std::vector<host_link> host_network::list_links() {
  std::vector<host_link> links;
  request_of<ifinfomsg> for_links(RTM_GETLINK, NLM_F_DUMP);
  for_links.add(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (const int error = ask(route_.get(), &for_links, for_links.message.nlmsg_len, true,
                            [&links](const nlmsghdr& message) {
                              if (message.nlmsg_type == RTM_NEWLINK) links.push_back(link_of(message));
                            });
      error != 0)
    throw_errno(error, "list", "the network interfaces");

  request_of<ifaddrmsg> for_addresses(RTM_GETADDR, NLM_F_DUMP);
  for_addresses.body.ifa_family = AF_INET;
  const auto take_address = [&links](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWADDR) return;
    const auto index = static_cast<int>(body_of<ifaddrmsg>(message).ifa_index);
    const auto link = std::ranges::find(links, index, &host_link::index);
    if (link == links.end() || !link->is_bridge) return;
    each_attribute(message, sizeof(ifaddrmsg), [&link](int type, std::string_view value) {
      std::array<char, INET_ADDRSTRLEN> text{};
      if (type == IFA_LOCAL && value.size() == sizeof(in_addr) &&
          ::inet_ntop(AF_INET, value.data(), text.data(), text.size()) != nullptr)
        link->addresses.emplace_back(text.data());
    });
  };
  if (const int error = ask(route_.get(), &for_addresses, for_addresses.message.nlmsg_len, true, take_address);
      error != 0)
    throw_errno(error, "list", "the addresses of the network interfaces");
  return links;
}

std::optional<int> host_network::find_namespace(std::uint32_t pid) {
  // rtgenmsg is one byte: the attribute begins at the next multiple of four, which request_of does not know.
  struct {
    nlmsghdr message;
    rtgenmsg body;
    alignas(NLMSG_ALIGNTO) rtattr head;
    std::uint32_t pid;
  } question{};
  static_assert(offsetof(decltype(question), head) == NLMSG_SPACE(sizeof(rtgenmsg)));
  question.message.nlmsg_len = sizeof question;
  question.message.nlmsg_type = RTM_GETNSID;
  question.message.nlmsg_flags = NLM_F_REQUEST;
  question.head.rta_len = RTA_LENGTH(sizeof pid);
  question.head.rta_type = NETNSA_PID;
  question.pid = pid;
  std::optional<int> found;
  const int error = ask(route_.get(), &question, sizeof question, false, [&found](const nlmsghdr& message) {
    each_attribute(message, sizeof(rtgenmsg), [&found](int type, std::string_view value) {
      if (type == NETNSA_NSID && number_of<int>(value) >= 0) found = number_of<int>(value);
    });
  });
  return error == 0 ? found : std::nullopt;
}

void host_network::set_no_linklocal_learn(int bridge) {
  // IFLA_LINKINFO { IFLA_INFO_KIND "bridge", IFLA_INFO_DATA { IFLA_BR_MULTI_BOOLOPT } }
  struct {
    nlmsghdr message;
    ifinfomsg body;
    rtattr info;
    rtattr kind;
    std::array<char, 8> kind_name;
    rtattr data;
    rtattr option;
    br_boolopt_multi value;
  } question{};
  question.message.nlmsg_len = sizeof question;
  question.message.nlmsg_type = RTM_NEWLINK;
  question.message.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  question.body.ifi_index = bridge;
  question.info = {.rta_len = sizeof question - offsetof(decltype(question), info), .rta_type = IFLA_LINKINFO};
  question.kind = {.rta_len = RTA_LENGTH(sizeof "bridge"), .rta_type = IFLA_INFO_KIND};
  question.kind_name = {"bridge"};
  question.data = {.rta_len = sizeof question - offsetof(decltype(question), data), .rta_type = IFLA_INFO_DATA};
  question.option = {.rta_len = RTA_LENGTH(sizeof question.value), .rta_type = IFLA_BR_MULTI_BOOLOPT};
  question.value = {.optval = 1U << BR_BOOLOPT_NO_LL_LEARN, .optmask = 1U << BR_BOOLOPT_NO_LL_LEARN};
  const int error = ask(route_.get(), &question, sizeof question, false, [](const nlmsghdr&) {});
  // A bridge that has just been removed needs nothing.
  if (error != 0 && error != ENODEV) throw_errno(error, "set no_linklocal_learn of", "a bridge");
}

std::optional<std::uint32_t> host_network::rules_generation() {
  request_of<nfgenmsg> request(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0);
  std::optional<std::uint32_t> generation;
  const int error =
      ask(netfilter_.get(), &request, request.message.nlmsg_len, false, [&generation](const nlmsghdr& message) {
        each_attribute(message, sizeof(nfgenmsg), [&generation](int type, std::string_view value) {
          if (type == NFTA_GEN_ID) generation = ntohl(number_of<std::uint32_t>(value));
        });
      });
  return error == 0 ? generation : std::nullopt;
}

void host_network::forget_changes() noexcept {
  std::array<char, 4096> buffer;
  // More changes than the socket holds end in ENOBUFS, once: they are forgotten, too.
  while (::recv(changes_.get(), buffer.data(), buffer.size(), 0) > 0 || errno == ENOBUFS || errno == EINTR) errno = 0;
}

}  // namespace heberg::syncd
