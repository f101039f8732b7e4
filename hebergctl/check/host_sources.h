// SPDX-License-Identifier: LGPL-2.1-or-later
// What `hebergctl check` reads of the host itself: heberg-syncd's status, nginx's container, the certificates.
#pragma once

#include "hebergctl/check/check.h"
#include "program/settings.h"

#include <string>
#include <vector>

namespace heberg::ctl {

// text: syncd's reply to "status", JSON.
void read_status(host_facts& host, const std::string& text);

// Why an nginx that runs in a container may stay down; empty: it does not run in one, or it is restarted.
[[nodiscard]] std::string explain_proxy_problem(const settings& settings);

// Of an nginx that runs in a container.
void count_workers(host_facts& host, const settings& settings);

// Why no inotify(7) instance is to be had here; empty: one is. A container's root shares them with the host's.
[[nodiscard]] std::string explain_no_inotify();

// Those of the folder proxy.certs, sorted by name.
[[nodiscard]] std::vector<certificate_facts> list_certificates(const settings& settings);

}  // namespace heberg::ctl
