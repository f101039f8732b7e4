// SPDX-License-Identifier: LGPL-2.1-or-later
// Which container this process may be in. The kernel does not say; but the engine mounts files of the container's own
// folder over /etc/hosts and its like (Docker and Podman, cgroup v1 and v2, any network), and where the process sees
// the host's control groups, theirs bear its id as well. Which of them is ours the engine knows: an id that it does not
// know is another engine's, outside of ours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heberg::proxy {

// From the texts of /proc/self/mountinfo and /proc/self/cgroup (proc(5), cgroups(7)): ids of 64 hexadecimal digits, the
// likelier first, each once. Pure.
[[nodiscard]] std::vector<std::string> parse_own_ids(std::string_view mountinfo, std::string_view cgroup);

// Those of this process.
[[nodiscard]] std::vector<std::string> read_own_ids();

}  // namespace heberg::proxy
