// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds, creates, starts, pauses and removes a site's container. Its specification: container_spec.h. All functions
// throw std::runtime_error with the engine's own error text.
#pragma once

#include "hebergctl/container/container_spec.h"

#include <string>
#include <vector>

namespace heberg::ctl {

[[nodiscard]] std::optional<present_container> find_container(const std::string& engine, const std::string& site);

// Other containers that mount the tree or a part of it. They are not paused or stopped with the site's own. tree: its
// path on the engine's host.
[[nodiscard]] std::vector<std::string> list_other_users(const std::string& engine, const std::string& tree,
                                                        const std::string& id);

// Creates and starts the container, or neither. instead_of: the id of the container that it replaces, which is removed
// once the new one is created, and stays if the engine refuses that (for instance without the image).
void run_container(const std::string& engine, const placed_site& site, const std::string& instead_of = {});
void start_container(const std::string& engine, const std::string& id);
// Stops it first, with ten seconds for its shutdown.
void remove_container(const std::string& engine, const std::string& id);

// Pauses or stops a running container so that its files do not change, and resumes it.
enum class hold { pause, stop };
void hold_container(const std::string& engine, const std::string& id, hold how);
void release_container(const std::string& engine, const std::string& id, hold how);

}  // namespace heberg::ctl
