// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/names.h"

#include "base/text.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace heberg {
namespace {

// Users and groups of Debian 12's base-passwd (/usr/share/base-passwd) and of the packages a server commonly has. Names
// with capitals (Debian-exim) are left out: no site can have them. Sorted, for the search below; arrays, not pointers,
// so that a plugin that holds them needs no relocations.
constexpr std::size_t k_longest = 20;  // the ending zero included
constexpr char k_system_names[][k_longest] = {
    "_apt",
    "_chrony",
    "_dnsmasq",
    "_flatpak",
    "_galera",
    "_lldpd",
    "_rpc",
    "_ssh",
    "_tss",
    "adm",
    "amavis",
    "arpwatch",
    "audio",
    "avahi",
    "backup",
    "bin",
    "bind",
    "bluetooth",
    "cdrom",
    "chrony",
    "clamav",
    "colord",
    "couchdb",
    "crontab",
    "daemon",
    "debian-snmp",
    "debian-spamd",
    "debian-tor",
    "debian-transmission",
    "dhcpcd",
    "dialout",
    "dip",
    "disk",
    "dnsmasq",
    "docker",
    "dovecot",
    "dovenull",
    "epmd",
    "etcd",
    "fax",
    "fetchmail",
    "floppy",
    "ftp",
    "fwupd-refresh",
    "games",
    "gdm",
    "geoclue",
    "git",
    "gitlab-runner",
    "gnats",
    "grafana",
    "haproxy",
    "i2c",
    "influxdb",
    "input",
    "irc",
    "jenkins",
    "kmem",
    "kvm",
    "landscape",
    "ldap",
    "libuuid",
    "libvirt",
    "libvirt-qemu",
    "lightdm",
    "list",
    "lp",
    "lpadmin",
    "lxd",
    "mail",
    "man",
    "memcache",
    "messagebus",
    "mlocate",
    "mongodb",
    "mosquitto",
    "munin",
    "mysql",
    "nagios",
    "named",
    "netdev",
    "news",
    "nginx",
    "nobody",
    "nogroup",
    "nslcd",
    "ntp",
    "ntpsec",
    "nvpd",
    "opendkim",
    "opendmarc",
    "openldap",
    "operator",
    "pcp",
    "plocate",
    "plugdev",
    "policyd-spf",
    "polkitd",
    "pollinate",
    "postdrop",
    "postfix",
    "postgres",
    "postgrey",
    "prometheus",
    "proxy",
    "pulse",
    "pulse-access",
    "rabbitmq",
    "redis",
    "render",
    "root",
    "rpc",
    "rpcuser",
    "rtkit",
    "sambashare",
    "saned",
    "sasl",
    "scanner",
    "sgx",
    "shadow",
    "snmp",
    "spi",
    "squid",
    "src",
    "ssh",
    "sshd",
    "ssl-cert",
    "sssd",
    "staff",
    "statd",
    "stunnel4",
    "sudo",
    "swtpm",
    "sync",
    "sys",
    "syslog",
    "systemd",
    "tape",
    "tcpdump",
    "telegraf",
    "tftp",
    "tomcat",
    "tss",
    "tty",
    "unbound",
    "usbmux",
    "users",
    "utmp",
    "uucp",
    "uuidd",
    "varnish",
    "varnishlog",
    "vcache",
    "video",
    "voice",
    "wheel",
    "winbindd_priv",
    "wireshark",
    "www-data",
    "xrdp",
    "zabbix",
};
constexpr auto k_before = [](std::string_view a, std::string_view b) { return a < b; };
static_assert(std::is_sorted(std::begin(k_system_names), std::end(k_system_names), k_before));

// systemd's own users come and go with its versions (systemd-network, systemd-oom, systemd-coredump, …).
constexpr std::string_view k_systemd_prefix = "systemd-";

constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool may_start(char c) {
  return is_lower(c) || c == '_';
}
constexpr bool may_follow(char c) {
  return may_start(c) || is_digit(c) || c == '.' || c == '-';
}

}  // namespace

bool is_system_name(std::string_view name) noexcept {
  if (has_prefix(name, k_systemd_prefix)) return true;
  if (name.size() >= k_longest) return false;
  char padded[k_longest] = {};
  std::memcpy(padded, name.data(), name.size());
  const auto is_before = [](const char(&a)[k_longest], const char(&b)[k_longest]) {
    return std::memcmp(a, b, k_longest) < 0;
  };
  return std::binary_search(std::begin(k_system_names), std::end(k_system_names), padded, is_before);
}

bool is_site_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > k_site_name_max || !may_start(name.front())) return false;
  char before = '\0';
  for (const char c : name) {
    if (!may_follow(c) || (c == '.' && before == '.')) return false;
    before = c;
  }
  return !is_system_name(name);
}

}  // namespace heberg
