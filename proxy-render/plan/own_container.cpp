// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/own_container.h"

#include "docker/parse.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

namespace heberg::proxy {
namespace {

constexpr std::array<std::string_view, 3> k_engines_files = {"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"};

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// "/docker/ID", "/system.slice/docker-ID.scope", "/var/lib/docker/containers/ID/hosts", "…/libpod-ID.scope/container":
// the last in a path is the innermost.
void take_ids(std::string_view path, std::vector<std::string>& to) {
  for (auto end = path.end(); end != path.begin();) {
    const auto after = std::find_if(std::make_reverse_iterator(end), path.rend(), is_hex).base();
    const auto begin = std::find_if_not(std::make_reverse_iterator(after), path.rend(), is_hex).base();
    const std::string id(begin, after);
    if (docker::is_container_id(id) && std::ranges::find(to, id) == to.end()) to.push_back(id);
    end = begin;
  }
}

std::string read_text(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::vector<std::string> parse_own_ids(std::string_view mountinfo, std::string_view cgroup) {
  std::vector<std::string> ids;
  std::istringstream mounts{std::string(mountinfo)};
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string ignored, root, mount_point;
    fields >> ignored >> ignored >> ignored >> root >> mount_point;
    if (std::ranges::find(k_engines_files, mount_point) != k_engines_files.end()) take_ids(root, ids);
  }
  std::istringstream groups{std::string(cgroup)};
  for (std::string line; std::getline(groups, line);) take_ids(line, ids);
  return ids;
}

std::vector<std::string> read_own_ids() {
  return parse_own_ids(read_text("/proc/self/mountinfo"), read_text("/proc/self/cgroup"));
}

}  // namespace heberg::proxy
