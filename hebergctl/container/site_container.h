// SPDX-License-Identifier: LGPL-2.1-or-later
// A site's container in the engine: found, made, started, removed. What it is made of: container_spec.h. All throw
// std::runtime_error with the engine's own words where it refuses.
#pragma once

#include "hebergctl/container/container_spec.h"

#include <string>
#include <vector>

namespace heberg::ctl {

[[nodiscard]] std::optional<present_container> find_container(const std::string& engine, const std::string& site);

// Other containers than this one that have the tree mounted, or a part of it: they are no site's own, and are not held
// with it. tree: as the engine's host names it.
[[nodiscard]] std::vector<std::string> list_other_users(const std::string& engine, const std::string& tree,
                                                        const std::string& id);

// Made and started, or neither. instead_of: the id of the container that it replaces, removed once the new one is made:
// what the engine refuses (an image that is not there) leaves it alone.
void run_container(const std::string& engine, const placed_site& site, const std::string& instead_of = {});
void start_container(const std::string& engine, const std::string& id);
// Stops it in order, then removes it.
void remove_container(const std::string& engine, const std::string& id);

// Keeps a running container from changing its files, and lets it go on.
enum class hold { pause, stop };
void hold_container(const std::string& engine, const std::string& id, hold how);
void release_container(const std::string& engine, const std::string& id, hold how);

}  // namespace heberg::ctl
