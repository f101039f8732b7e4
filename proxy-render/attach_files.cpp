// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/attach_files.h"

#include <set>

namespace heberg::proxy {
namespace {

// Takes away those that cannot be used; true where there was one.
bool drop_faulty(files_of_host& files, const site::host& host, std::set<file_fault>& broken) {
  bool any = false;
  for (auto* file : {&files.server, &files.location, &files.passwords}) {
    if (file->fault.empty()) continue;
    broken.insert({site::printable(file->path), file->fault + ": " + site::printable(host.text) + " answers 503"});
    *file = {};
    any = true;
  }
  return any;
}

// One that cannot be used is done without: it is nobody's own, and would close every site.
host_file take_default(const host_files& vhost_d, const char* name, std::set<file_fault>& broken) {
  const auto found = vhost_d.find(name);
  if (found == vhost_d.end()) return {};
  if (found->second.fault.empty()) return found->second;
  broken.insert({site::printable(found->second.path), found->second.fault + ": all hosts are served without it"});
  return {};
}

}  // namespace

void attach_files(plan& plan, const host_files& vhost_d, const host_files& htpasswd) {
  std::set<file_fault> broken;
  plan.defaults = {.server = take_default(vhost_d, "default", broken),
                   .location = take_default(vhost_d, "default_location", broken)};
  for (auto& vhost : plan.vhosts) {
    vhost.files = choose_files(vhost.host, vhost_d, htpasswd);
    vhost.closed = drop_faulty(vhost.files, vhost.host, broken);
    for (auto& location : vhost.locations) {
      location.files = choose_files(vhost.host, location.route.path, vhost_d, htpasswd);
      if (drop_faulty(location.files, vhost.host, broken)) vhost.closed = true;
    }
  }
  plan.broken_files.assign(broken.begin(), broken.end());
}

}  // namespace heberg::proxy
