// SPDX-License-Identifier: LGPL-2.1-or-later
// Classifies an inspected container: does it belong to a site, and to which? Pure. All of the container is hostile.
//
// A container belongs to the site whose tree it mounts, when all three hold:
//   - its image matches one of the globs, or it has the label heberg.site;
//   - its VIRTUAL_HOST names at least one host;
//   - a mount's source is ROOT/NAME/www, another folder of ROOT/NAME that the owner cannot replace, or ROOT/NAME. The
//     label heberg.site=NAME confirms that mount, and makes a site by itself for the names in `named_by_label` alone:
//     anybody can write any name into a label.
//
// A container that the engine lists but could not be asked about (docker::container::inspected) belongs to a site by
// its mount alone, and is marked so: enough to keep an account, not to make one.
//
// A container that is meant for a site and cannot belong to exactly one is rejected with a reason. syncd makes no
// account for it and the proxy does not serve it:
//   - it mounts the trees of two sites, or the sites root itself (which contains all sites);
//   - it mounts what the site's owner can replace by a link, which the engine would follow at the next start, or the
//     folder of the site's keys, passwords, logs or sockets. This holds for any container, a site's or not;
//   - its label names another site than its mount, or it has a label and no mount;
//   - the site's name breaks the rules of base/names.h.
#pragma once

#include "docker/container.h"

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace heberg::site {

inline constexpr char k_label[] = "heberg.site";

struct site_settings {
  std::string root = "/sites";  // as the engine's host names it: mount sources are that host's paths
  std::vector<std::string> images;
  std::vector<std::string> named_by_label = {};  // sites that a container without a mount may name by the label
};

struct not_a_site {};

struct rejected_container {
  std::string container;  // its name; hostile
  std::string reason;     // quotes hostile text, cut short; log() escapes it
};

struct site_container {
  std::string site;
  std::string container_id;
  std::string container;  // its name
  std::string gecos;      // the first host name, made safe for passwd(5)
  std::chrono::sys_time<std::chrono::nanoseconds> created;
  bool up = false;
  bool tty = false;
  bool inspected = true;  // false: whether it has a host or a TTY is unknown, and gecos is empty
  // Networks that do not keep sites apart: all but heberg-sites. "bridge" and "host" are everybody's; another one is a
  // danger where another site is on it, too (find_shared_networks), as is "container:ID", a network namespace.
  std::vector<std::string> networks = {};
};

using classification = std::variant<not_a_site, rejected_container, site_container>;

// Where a path of the engine's host lies below the sites root.
struct tree_place {
  std::string site;                // the first component below the root; hostile
  std::vector<std::string> below;  // the others
};

// The settings, parsed once for many containers.
class classifier {
 public:
  explicit classifier(const site_settings& settings);
  [[nodiscard]] classification classify(const docker::container& container) const;

  // Nothing for a path elsewhere, and for one with "..".
  [[nodiscard]] std::optional<tree_place> find_place(std::string_view path) const;

 private:
  [[nodiscard]] std::string explain_dangerous_mount(const docker::container& container) const;

  std::vector<std::string> root_;  // its components
  std::vector<std::string> named_by_label_;
  std::vector<std::string> globs_;  // as "docker images" shows references
  std::string shown_root_;
};

[[nodiscard]] classification classify(const docker::container& container, const site_settings& settings);

// Why no container may mount that path of a site's tree, with the remedy; empty: it may.
[[nodiscard]] std::string explain_mount(std::string_view source, const tree_place& place, std::string_view root);

// Site -> a network that it shares with another site, or with everybody; sites without one are left out.
[[nodiscard]] std::map<std::string, std::string> find_shared_networks(
    std::span<const site_container* const> containers);

// For the log and `check`, of such a network.
[[nodiscard]] std::string explain_shared_network(std::string_view network);

// Whether an image reference, as given to the engine, matches a glob such as "php:*-apache". `*` is the only special
// character and stays within one path component: "php:5000/x-apache" (a registry called php) does not match
// php:*-apache. No difference make:
//   - Docker Hub's long names ("docker.io/library/php:apache");
//   - a digest after the tag;
//   - a missing tag, which is ":latest".
// Another registry does.
[[nodiscard]] bool image_matches(std::string_view image, std::string_view glob);

// Why a site cannot have the name, as a whole sentence that quotes the name; empty where it can:
//   invalid site name "X": use 1 to 32 of a-z 0-9 _ . -, starting with a letter or _
[[nodiscard]] std::string explain_site_name(std::string_view name);

// The first host of a VIRTUAL_HOST value, made safe for passwd(5)'s fifth field: printable ASCII without ':', ',' and
// '&'.
[[nodiscard]] std::string gecos_of(std::string_view virtual_host);

// Hostile text for a message: in quotes, cut to 64 bytes.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace heberg::site
