// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/plan/attach_files.h"

#include "proxy-render/files/preamble_template.h"

#include <utility>

namespace heberg::proxy {
namespace {

// Removes the files that cannot be used; true where there was one.
bool drop_faulty(files_of_host& files, const site::host& host, file_faults& broken) {
  bool any = false;
  for (auto* file : {&files.server, &files.location, &files.passwords}) {
    if (file->fault.empty()) continue;
    broken.insert({site::printable(file->path), file->fault + ": " + site::printable(host.text) + " answers 503"});
    *file = {};
    any = true;
  }
  return any;
}

// A file that cannot be used is left out: it belongs to no host, and would close all of them.
host_file take_for_all(const host_file& file, file_faults& broken) {
  if (file.fault.empty()) return file;
  broken.insert({site::printable(file.path), file.fault + ": all hosts are served without it"});
  return {};
}

host_file take_for_all(const host_files& files, const char* name, file_faults& broken) {
  const auto found = files.find(name);
  return found == files.end() ? host_file{} : take_for_all(found->second, broken);
}

void take_preamble(default_files& to, const plan_options& options, file_faults& broken) {
  to.preamble = take_for_all(options.conf_d, k_preamble_file, broken);
  if (to.preamble.path.empty()) return;
  to.preamble.fault = find_template_fault(options.preamble_text);
  to.preamble = take_for_all(to.preamble, broken);
  if (!to.preamble.path.empty()) to.preamble_text = options.preamble_text;
}

}  // namespace

default_files take_defaults(const plan_options& options, file_faults& broken) {
  const auto& vhost_d = options.vhost_d;
  default_files taken{.server = take_for_all(vhost_d, "default", broken),
                      .location = take_for_all(vhost_d, "default_location", broken),
                      .error_page = take_for_all(options.errors, "50x.html", broken)};
  take_preamble(taken, options, broken);
  for (const auto& [name, file] : options.conf_d) {
    if (!name.ends_with(".conf")) continue;
    if (auto usable = take_for_all(file, broken); !usable.path.empty()) taken.http.push_back(std::move(usable));
  }
  return taken;
}

void attach_files(vhost& to, const plan_options& options, file_faults& broken) {
  to.files = choose_files(to.host, options.vhost_d, options.htpasswd);
  to.closed = drop_faulty(to.files, to.host, broken);
  for (auto& location : to.locations) {
    location.files = choose_files(to.host, location.route.path, options.vhost_d, options.htpasswd);
    if (drop_faulty(location.files, to.host, broken)) to.closed = true;
  }
}

}  // namespace heberg::proxy
