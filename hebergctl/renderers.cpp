// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/renderers.h"

#include "tree/processes.h"

#include <signal.h>

#include <cstdint>

namespace heberg::ctl {

bool is_renderer(std::string_view status) {
  constexpr std::string_view k_name = "heberg-proxy-re";  // the kernel keeps 15 characters
  constexpr std::uint64_t k_hangup = 1U << (SIGHUP - 1);
  if (tree::status_field(status, "Name") != k_name) return false;
  if (!tree::status_field(status, "Uid").starts_with("0\t0\t")) return false;
  const auto caught = tree::parse_number<std::uint64_t>(tree::status_field(status, "SigCgt"), 16);
  return caught && (*caught & k_hangup) != 0;
}

std::size_t signal_renderers(const std::string& procs) {
  const auto folder = tree::open_procs(procs);
  std::size_t count = 0;
  tree::for_each_process(folder.get(), [&](pid_t process, uid_t owner) {
    if (owner == 0 && tree::signal_if(folder.get(), process, SIGHUP, is_renderer)) ++count;
  });
  return count;
}

}  // namespace heberg::ctl
