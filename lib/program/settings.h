// SPDX-License-Identifier: LGPL-2.1-or-later
// /etc/heberg/heberg.toml as plain values: one file for all programs, every key optional (heberg.toml(5)).
// An unknown key, a wrong type or a value out of range is an error that names file, line and key. A renamed key is
// accepted under its old name, with a warning.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace heberg {

inline constexpr char k_default_config[] = "/etc/heberg/heberg.toml";

struct settings {
  std::string state_dir = "/var/lib/heberg";
  struct {
    std::string host = "unix:///var/run/docker.sock";  // DOCKER_HOST in the environment wins
  } docker;
  struct {
    std::string root = "/sites";
    std::string host_root;  // the root's path on the engine's host (syncd in a container); default: root
    std::vector<std::string> images = {"php:apache", "php:*-apache", "php:*-fpm"};
    std::vector<std::string> named_by_label = {};  // sites that a container without a mount may name by heberg.site
    std::uint64_t quota = 0;                       // bytes of a site's tree, logs apart; 0: no limit
    std::uint64_t quota_files = 0;                 // files, folders and links of a site's tree; 0: no limit
  } sites;
  struct {
    std::uint32_t uid_min = 20000;
    std::uint32_t uid_max = 59999;
    std::chrono::milliseconds retire_after{5000};
    std::string shell = "/usr/sbin/nologin";
  } accounts;
  struct {
    bool log_generated = true;
  } passwords;
  struct {
    bool enabled = true;                    // forward what containers write into access.log and error.log
    std::uint64_t max_size = 10'000'000;    // bytes; a larger log is rotated
    std::uint64_t max_total = 500'000'000;  // bytes of a site's rotated logs
    std::uint32_t keep = 14;                // how many rotated files of each log
    std::string compress = "gzip";          // rotated files: "gzip", "none"
    std::vector<std::string> also = {};     // "journald"
    std::chrono::milliseconds sftp_keep_for{90LL * 24 * 3600 *
                                            1000};  // age of a rotated sftp.log, whatever `keep` says
    std::uint64_t sftp_max_total = 100'000'000;     // bytes of a site's rotated sftp logs
    std::uint32_t min_free = 5;                     // per cent of the disk: below that no site's lines are written
  } logs;
  struct {
    std::string output = "/etc/nginx/conf.d/heberg.conf";
    std::string reload = "pid:/run/nginx.pid";  // "pid:FILE", "container:NAME", "command:COMMAND"
    std::string container;  // nginx's, where it runs in one; default: the one of reload, else the renderer's own
    std::uint16_t http_port = 80;
    std::uint16_t https_port = 443;
    std::string certs = "/etc/heberg/certs";
    std::string vhost_d = "/etc/heberg/vhost.d";
    std::string htpasswd = "/etc/heberg/htpasswd";
    std::string conf_d = "/etc/heberg/conf.d";
    std::string errors = "/etc/heberg/errors";
    std::string acme = "/etc/heberg/acme";      // the webroot that a certificate authority's challenge is answered from
    std::uint64_t max_body = 64 * 1024 * 1024;  // bytes; client_max_body_size, 0: no limit
    std::uint64_t max_body_limit = 0;           // bytes that no MAX_BODY of a site exceeds; 0: no limit
    std::uint32_t client_requests = 500;        // of one client's address at a time; 0: no limit
    std::uint32_t map_from_hosts = 500;   // from this number on, plain hosts share one server and are lines of a map
    std::string default_host;             // that host answers requests for names that no site has
    std::vector<std::string> trust = {};  // addresses and networks of load balancers whose headers are believed
    bool proxy_protocol = false;          // they use the PROXY protocol
    bool http3 = true;                    // offer HTTP/3 where nginx has it
    bool ipv6 = true;                     // listen on [::] too where the host has IPv6
    std::string nginx = "nginx";          // the command for nginx -t; with -c FILE where its configuration is elsewhere
    std::string access_log = "/var/log/nginx/access.log";
    std::vector<std::string> external_ports = {};  // that EXTERNAL_HTTP(S)_PORT may take: "8081", "9000-9010"
    std::vector<std::string> shared_hosts = {};    // names that containers of no site may share
    std::vector<std::string> host_owners = {};     // "NAME SITE": names that are a site's whoever asked first
    std::vector<std::string> internal = {};  // networks that NETWORK_ACCESS=internal admits; none: the private ones
    std::uint32_t max_generations = 4;       // of nginx's workers that live at a time; a reload waits for fewer
    std::chrono::milliseconds hold_names_for{72 * 3600 * 1000};  // for an owner whose containers no longer request them
  } proxy;
  struct {
    bool guard = true;                         // isolate the sites' ports on the engine's bridges (nft)
    std::vector<std::string> host_ports = {};  // of the host that sites may reach beside the proxy's: "tcp/3306"
  } network;
  struct {
    std::uint64_t max_size = 64ULL << 30U;  // bytes of one site's files
    std::uint32_t max_entries = 2'000'000;  // its files, folders and links
  } archive;
  struct {
    std::string repository;  // as restic(1) takes it; empty: there is no backup
    std::string password_file = "/etc/heberg/backup.password";
    std::uint32_t keep_daily = 7;  // of each site
    std::uint32_t keep_weekly = 4;
    std::uint32_t keep_monthly = 6;
  } backup;
  std::vector<std::string> warnings = {};  // about the file, for the log: "heberg.toml:3: [proxy] many_hosts: …"
};

struct settings_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// From TOML text; `name` stands in the messages. Pure. Throws settings_error.
[[nodiscard]] settings parse_settings(std::string_view text, std::string_view name);

// From a file. A missing file is an error only where `required` (it was named on the command line); then DOCKER_HOST is
// applied.
[[nodiscard]] settings load_settings(const std::string& path, bool required);

}  // namespace heberg
