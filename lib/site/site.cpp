// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/site.h"

#include "base/names.h"
#include "site/hosts.h"
#include "site/values.h"
#include "site/variables/variables.h"

#include <algorithm>
#include <optional>

namespace heberg::site {
namespace {

constexpr std::string_view k_sites_network = "heberg-sites";
// Of a site's tree: the owner's keys, the site's password, what root writes there, the sockets of its sessions.
constexpr std::string_view k_closed_folders[] = {".ssh", ".heberg", "logs", "dev"};

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

bool begins_like(const std::vector<std::string_view>& source, const std::vector<std::string>& root) {
  const auto common = std::min(source.size(), root.size());
  return std::equal(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(common), root.begin());
}

// The site that a mount belongs to; empty where it lies outside the sites root, or where it sets `reason`.
std::string site_of_mount(const docker::mount& mount, const std::vector<std::string>& root, std::string_view shown_root,
                          std::string& reason) {
  if (!mount.source.starts_with('/')) return {};
  const auto source = components(mount.source);
  if (std::find(source.begin(), source.end(), "..") != source.end()) {
    reason = "its mount " + site::quoted(mount.source) + " contains \"..\"";
    return {};
  }
  if (!begins_like(source, root)) return {};
  if (source.size() <= root.size()) {
    reason = "its mount " + site::quoted(mount.source) + " contains the trees of all sites";
    return {};
  }
  const auto first = source.begin() + static_cast<std::ptrdiff_t>(root.size());
  const tree_place place{.site = std::string(*first), .below = {first + 1, source.end()}};
  reason = explain_mount(mount.source, place, shown_root);
  return reason.empty() ? place.site : std::string();
}

struct named_site {
  std::string name;
  std::string reason;  // why the container is rejected
};

named_site find_mounted_site(const docker::container& container, const std::vector<std::string>& root,
                             std::string_view shown_root) {
  named_site found;
  for (const auto& mount : container.mounts) {
    const auto name = site_of_mount(mount, root, shown_root, found.reason);
    if (!found.reason.empty()) return found;
    if (name.empty() || name == found.name) continue;
    if (!found.name.empty()) {
      found.reason = "it mounts the trees of two sites, " + site::quoted(found.name) + " and " + site::quoted(name);
      return found;
    }
    found.name = name;
  }
  return found;
}

// The label, unless the image has it: who builds an image does not name sites.
std::string_view named_by(const std::string* label, const docker::container& container) {
  if (label == nullptr || (container.image_gives && container.image_gives->is_unknown) ||
      docker::is_images_label(container, k_label, *label))
    return {};
  return *label;
}

std::vector<std::string> list_open_networks(const docker::container& container) {
  // Containers that share a network namespace have that of one of them.
  std::vector<std::string> names = {"container:" +
                                    (container.network_of.empty() ? container.id : container.network_of).substr(0, 12)};
  if (container.host_network) names.emplace_back("host");
  for (const auto& network : container.networks) {
    if (network.name != k_sites_network && network.name != "none" && network.name != "host")
      names.push_back(network.name);
  }
  return names;
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
  const auto invalid = "invalid site name " + site::quoted(name) + ": ";
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

std::string explain_mount(std::string_view source, const tree_place& place, std::string_view root) {
  const auto remedy = "mount " + std::string(root) + "/" + printable(place.site, 64) +
                      "/www, and set APACHE_DOCUMENT_ROOT for a folder in it";
  if (place.below.size() > 1) {
    return "its mount " + site::quoted(source) +
           " can be replaced by a link, which the engine follows when the container is started again: " + remedy;
  }
  if (place.below.size() == 1 && std::ranges::find(k_closed_folders, place.below[0]) != std::end(k_closed_folders))
    return "its mount " + site::quoted(source) + " is not for containers: " + remedy;
  return {};
}

std::map<std::string, std::string> find_shared_networks(std::span<const site_container* const> containers) {
  std::map<std::string, std::string> first_site, shared;
  for (const auto* container : containers) {
    for (const auto& network : container->networks) {
      const auto& first = first_site.try_emplace(network, container->site).first->second;
      const bool is_everybodys = network == "bridge" || network == "host";
      if (!is_everybodys && first == container->site) continue;
      shared.try_emplace(container->site, network);
      if (!is_everybodys) shared.try_emplace(first, network);
    }
  }
  return shared;
}

std::string explain_shared_network(std::string_view network) {
  if (network == "bridge") {
    return "its container is on Docker's default network, where other containers reach it: run it with --network "
           "heberg-sites";
  }
  if (network.starts_with("container:")) {
    return "its container has the same network as another site's (docker run --network " + std::string(network) +
           "), and each reaches what the other one listens on: run it with --network heberg-sites";
  }
  if (network == "host") {
    return "its container is on the host's network, where it reaches what the host and the other sites listen on: run "
           "it "
           "with --network heberg-sites";
  }
  return "its container is on the network " + site::quoted(network) +
         ", where another site's container reaches it: docker network disconnect it, or give each site a network of "
         "its own";
}

classifier::classifier(const site_settings& settings)
    : named_by_label_(settings.named_by_label), shown_root_(settings.root) {
  for (const auto part : components(settings.root)) root_.emplace_back(part);
  for (const auto& glob : settings.images) globs_.push_back(familiar_image(glob));
}

std::optional<tree_place> classifier::find_place(std::string_view path) const {
  if (!path.starts_with('/')) return std::nullopt;
  const auto source = components(path);
  if (std::ranges::find(source, "..") != source.end() || !begins_like(source, root_) || source.size() <= root_.size())
    return std::nullopt;
  const auto first = source.begin() + static_cast<std::ptrdiff_t>(root_.size());
  return tree_place{.site = std::string(*first), .below = {first + 1, source.end()}};
}

std::string classifier::explain_dangerous_mount(const docker::container& container) const {
  for (const auto& mount : container.mounts) {
    const auto place = find_place(mount.source);
    if (!place) continue;
    if (auto reason = explain_mount(mount.source, *place, shown_root_); !reason.empty()) return reason;
  }
  return {};
}

classification classifier::classify(const docker::container& container) const {
  if (auto reason = explain_dangerous_mount(container); !reason.empty())
    return rejected_container{container.name, std::move(reason)};
  const auto* label = docker::find_label(container, k_label);
  const auto image = familiar_image(container.image);
  const auto matches = [&](const std::string& glob) { return glob_matches(image, glob); };
  const auto* hosts = find_value(container, "VIRTUAL_HOST");
  if (container.inspected) {
    if (label == nullptr && std::none_of(globs_.begin(), globs_.end(), matches)) return not_a_site{};
    if (hosts == nullptr || first_host(*hosts).empty()) {
      // Without the label the container may be a cron job or a shell beside a site; with it, an account is expected.
      const bool is_images_host = find_images_own(container) == "VIRTUAL_HOST" &&
                                  !find_mounted_site(container, root_, shown_root_).name.empty();
      if (is_images_host) {
        return rejected_container{
            container.name,
            "its image sets VIRTUAL_HOST, which counts only where the container is started with it: "
            "add -e VIRTUAL_HOST=NAME with another value than the image's, or use an image without it"};
      }
      if (label == nullptr) return not_a_site{};
      return rejected_container{container.name,
                                "it has the label heberg.site, but VIRTUAL_HOST names no host: set VIRTUAL_HOST"};
    }
  }

  auto found = find_mounted_site(container, root_, shown_root_);
  if (!found.reason.empty()) return rejected_container{container.name, found.reason};
  const auto named = named_by(label, container);
  if (!named.empty() && !found.name.empty() && found.name != named) {
    return rejected_container{container.name, "its label heberg.site names the site " + site::quoted(named) +
                                                  ", but its mount belongs to the site " + site::quoted(found.name)};
  }
  if (found.name.empty() && std::ranges::find(named_by_label_, named) != named_by_label_.end()) found.name = named;
  if (found.name.empty()) {
    if (label == nullptr) return not_a_site{};
    const auto shown = named.empty() ? std::string("NAME") : printable(named, 64);
    return rejected_container{container.name, (named.empty() ? std::string("it has the label heberg.site")
                                                             : "its label names the site " + site::quoted(named)) +
                                                  ", but it mounts no site's tree below " + shown_root_ + ": mount " +
                                                  shown_root_ + "/" + shown +
                                                  "/www, or list the name in sites.named_by_label"};
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
                        .networks = list_open_networks(container)};
}

classification classify(const docker::container& container, const site_settings& settings) {
  return classifier(settings).classify(container);
}

}  // namespace heberg::site
