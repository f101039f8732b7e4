// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/site.h"

#include "base/names.h"
#include "site/values.h"
#include "site/variables/variables.h"

#include <algorithm>
#include <optional>

namespace heberg::site {
namespace {

// The first non-empty item of a comma list; empty where there is none.
std::string_view first_host(std::string_view list) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (const auto host = trim(list.substr(0, comma)); !host.empty()) return host;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return {};
}

// A path's components; "//" and "/./" are nothing, as for the kernel. ".." stays, to be refused.
std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> found;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    if (!part.empty() && part != ".") found.push_back(part);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return found;
}

// Linear in practice and never worse than quadratic: only the last `*` is ever gone back to.
bool glob_matches(std::string_view text, std::string_view glob) {
  std::size_t t = 0, g = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g, ++t;
    } else if (star != std::string_view::npos && text[resume] != '/') {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

// "docker.io/library/php@sha256:…" -> "php:latest"
std::string familiar_image(std::string_view image) {
  if (const auto at = image.find('@'); at != std::string_view::npos) image = image.substr(0, at);
  for (const std::string_view registry : {"docker.io/", "index.docker.io/"}) {
    if (image.starts_with(registry)) {
      image.remove_prefix(registry.size());
      break;
    }
  }
  if (constexpr std::string_view library = "library/"; image.starts_with(library)) image.remove_prefix(library.size());
  const auto last_part = image.substr(image.rfind('/') + 1);  // npos + 1 == 0
  std::string name(image);
  if (last_part.find_first_of(":*") == std::string_view::npos)
    name += ":latest";  // a glob's `*` may stand for the tag too
  return name;
}

// The site that a mount belongs to; empty where it lies outside the sites root, or where it sets `reason`.
std::string_view site_of_mount(const docker::mount& mount, const std::vector<std::string>& root, std::string& reason) {
  if (!mount.source.starts_with('/')) return {};
  const auto source = components(mount.source);
  if (std::find(source.begin(), source.end(), "..") != source.end()) {
    reason = "its mount " + site::quoted(mount.source) + " contains \"..\"";
    return {};
  }
  const auto common = std::min(source.size(), root.size());
  if (!std::equal(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(common), root.begin())) return {};
  if (source.size() > root.size()) return source[root.size()];
  reason = "its mount " + site::quoted(mount.source) + " contains the trees of all sites";
  return {};
}

struct named_site {
  std::string name;
  std::string reason;  // why the container is rejected
};

named_site find_site(const docker::container& container, const std::string* label,
                     const std::vector<std::string>& root) {
  named_site found;
  for (const auto& mount : container.mounts) {
    const auto name = site_of_mount(mount, root, found.reason);
    if (!found.reason.empty()) return found;
    if (name.empty() || name == found.name) continue;
    if (!found.name.empty()) {
      found.reason = "it mounts the trees of two sites, " + site::quoted(found.name) + " and " + site::quoted(name);
      return found;
    }
    found.name = name;
  }
  if (label == nullptr || label->empty()) return found;
  if (!found.name.empty() && found.name != *label) {
    found.reason = "its label heberg.site names the site " + site::quoted(*label) +
                   ", but its mount belongs to the site " + site::quoted(found.name);
  }
  found.name = *label;
  return found;
}

}  // namespace

std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 64;
  const bool cut = text.size() > longest;
  return "\"" + std::string(text.substr(0, longest)) + (cut ? "\"…" : "\"");
}

bool image_matches(std::string_view image, std::string_view glob) {
  return glob_matches(familiar_image(image), familiar_image(glob));
}

std::string explain_site_name(std::string_view name) {
  if (is_site_name(name)) return {};
  const auto is_first = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto is_other = [&](char c) { return is_first(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
  const auto invalid = "invalid site name " + quoted(name) + ": ";
  if (name.empty() || name.size() > k_site_name_max || !is_first(name.front()) || !std::ranges::all_of(name, is_other))
    return invalid + "use 1 to 32 of a-z 0-9 _ . -, starting with a letter or _";
  if (name.find("..") != std::string_view::npos) return invalid + "\"..\" is not allowed";
  if (is_system_name(name)) return invalid + "it is a system user or group of Debian; use another name";
  return invalid + "use another name";
}

std::string gecos_of(std::string_view virtual_host) {
  constexpr std::size_t longest = 253;  // of a host name, RFC 1035
  std::string gecos(first_host(virtual_host).substr(0, longest));
  for (char& c : gecos) {
    if (c <= ' ' || c >= 0x7f || c == ':' || c == ',' || c == '&') c = '?';
  }
  return gecos;
}

classifier::classifier(const site_settings& settings) : shown_root_(settings.root) {
  for (const auto part : components(settings.root)) root_.emplace_back(part);
  for (const auto& glob : settings.images) globs_.push_back(familiar_image(glob));
}

classification classifier::classify(const docker::container& container) const {
  const auto* label = docker::find_label(container, k_label);
  const auto image = familiar_image(container.image);
  const auto matches = [&](const std::string& glob) { return glob_matches(image, glob); };
  const auto* hosts = find_value(container, "VIRTUAL_HOST");
  if (container.inspected) {
    if (label == nullptr && std::none_of(globs_.begin(), globs_.end(), matches)) return not_a_site{};
    if (hosts == nullptr || first_host(*hosts).empty()) {
      // Without the label the container may be a cron job or a shell beside a site; with it, an account is expected.
      if (label == nullptr) return not_a_site{};
      return rejected_container{container.name,
                                "it has the label heberg.site, but VIRTUAL_HOST names no host: set VIRTUAL_HOST"};
    }
  }

  auto found = find_site(container, label, root_);
  if (!found.reason.empty()) return rejected_container{container.name, found.reason};
  if (found.name.empty()) {
    if (label == nullptr) return not_a_site{};
    return rejected_container{container.name, "its label heberg.site is empty and no mount lies below " + shown_root_ +
                                                  ": set heberg.site=NAME, or mount the site's tree"};
  }
  if (const auto why = explain_site_name(found.name); !why.empty()) {
    return rejected_container{container.name, why};
  }
  return site_container{.site = std::move(found.name),
                        .container_id = container.id,
                        .container = container.name,
                        .gecos = hosts == nullptr ? "" : gecos_of(*hosts),
                        .created = container.created,
                        .up = container.is_up(),
                        .tty = container.tty,
                        .inspected = container.inspected,
                        .on_default_network = std::ranges::find(container.networks, "bridge", &docker::network::name) !=
                                              container.networks.end()};
}

classification classify(const docker::container& container, const site_settings& settings) {
  return classifier(settings).classify(container);
}

}  // namespace heberg::site
