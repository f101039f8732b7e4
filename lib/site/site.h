// SPDX-License-Identifier: LGPL-2.1-or-later
// What an inspected container means as a site (design: "site container"). Pure: values in, a verdict out; all of the
// container is hostile. A container is a site's when all three hold:
//   its image matches one of the globs, or it carries the label heberg.site;
//   its VIRTUAL_HOST names at least one host;
//   a mount's source lies below the sites root (the first path component is the site's name), or heberg.site=NAME names
//   the site.
// A container that the engine lists but could not be asked about (docker::container::inspected) is a site's by its
// mount or label alone, marked so: enough to keep an account, not to make one. What cannot be one site alone is refused
// with a reason, never guessed: mounts of two sites, a label that names another site than the mount, the sites root
// itself (it holds every site), a name that breaks the rules of base/names.h.
#pragma once

#include "docker/container.h"

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace heberg::site {

inline constexpr char k_label[] = "heberg.site";

struct site_settings {
  std::string root = "/sites";  // as the engine's host names it: mount sources are that host's paths
  std::vector<std::string> images;
};

struct not_a_site {};

struct refusal {
  std::string container;  // its name; hostile
  std::string reason;     // quotes hostile text, cut short; log() escapes it
};

struct claim {
  std::string site;
  std::string container_id;
  std::string container;  // its name
  std::string gecos;      // the first host name, made safe for passwd(5)
  std::chrono::sys_time<std::chrono::nanoseconds> created;
  bool up = false;
  bool tty = false;
  bool inspected = true;  // false: whether it has a host or a TTY is unknown, and gecos is empty
  bool on_default_network =
      false;  // Docker's "bridge", where containers reach one another (unless dockerd has icc off)
};

using verdict = std::variant<not_a_site, refusal, claim>;

// The settings, taken apart once for many containers.
class classifier {
 public:
  explicit classifier(const site_settings& settings);
  [[nodiscard]] verdict classify(const docker::container& container) const;

 private:
  std::vector<std::string> root_;   // its components
  std::vector<std::string> globs_;  // in the engine's familiar form
  std::string shown_root_;
};

[[nodiscard]] verdict classify(const docker::container& container, const site_settings& settings);

// Does an image reference, as given to the engine, match a glob such as "php:*-apache"? `*` is the only special
// character and stays within one path component, so that "php:5000/x-apache" (a registry called php) is not
// php:*-apache. Docker Hub's long names
// ("docker.io/library/php:apache"), a digest after the tag and a missing tag (":latest") make no difference; another
// registry does.
[[nodiscard]] bool image_matches(std::string_view image, std::string_view glob);

// Why a name is no site's name, as the end of a sentence ("is longer than 32 bytes"); empty where it is one.
[[nodiscard]] std::string explain_site_name(std::string_view name);

// The first host of a VIRTUAL_HOST value, made safe for passwd(5)'s fifth field: printable ASCII without ':', ',' and
// '&'.
[[nodiscard]] std::string gecos_of(std::string_view virtual_host);

// Hostile text for a message: in quotes, cut to 64 bytes.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace heberg::site
