// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/site_container.h"

#include "docker/call.h"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace heberg::ctl {
namespace {

using docker::method;

void check(const docker::call_answer& answer, const std::string& what) {
  if (!answer.is_good() && answer.status != 304) throw std::runtime_error(what + ": " + answer.reason());
}

}  // namespace

std::optional<present_container> find_container(const std::string& engine, const std::string& site) {
  const auto answer = docker::call(engine, method::get, "/containers/" + site + "/json");
  if (answer.problem.empty() && answer.status == 404) return std::nullopt;
  check(answer, "container " + site);
  auto present = parse_present(answer.body, site);
  if (!present) throw std::runtime_error("container " + site + ": the engine's answer makes no sense");
  return present;
}

void run_container(const std::string& engine, const placed_site& site, const std::string& instead_of) {
  // No site's name has capitals. One that is there was left over by an interruption: made, never started.
  const auto spare = site.site + ".NEW";
  const auto cleared = docker::call(engine, method::erase, "/containers/" + spare);
  if (cleared.status != 404) check(cleared, "remove container " + spare);
  check(docker::call(engine, method::post, "/containers/create?name=" + spare, create_body(site)),
        "make container " + site.site);
  if (!instead_of.empty()) remove_container(engine, instead_of);
  check(docker::call(engine, method::post, "/containers/" + spare + "/rename?name=" + site.site),
        "name container " + site.site);
  const auto started = docker::call(engine, method::post, "/containers/" + site.site + "/start");
  if (started.is_good()) return;
  (void)docker::call(engine, method::erase, "/containers/" + site.site + "?force=true");
  check(started, "start container " + site.site);
}

void start_container(const std::string& engine, const std::string& id) {
  check(docker::call(engine, method::post, "/containers/" + id + "/start"), "start the container");
}

void remove_container(const std::string& engine, const std::string& id) {
  check(docker::call(engine, method::post, "/containers/" + id + "/stop?t=10"), "stop the container");
  check(docker::call(engine, method::erase, "/containers/" + id + "?force=true&v=true"), "remove the container");
}

void hold_container(const std::string& engine, const std::string& id, hold how) {
  const auto verb = how == hold::pause ? std::string("/pause") : std::string("/stop?t=10");
  check(docker::call(engine, method::post, "/containers/" + id + verb), "hold the container");
}

void release_container(const std::string& engine, const std::string& id, hold how) {
  const auto verb = how == hold::pause ? std::string("/unpause") : std::string("/start");
  check(docker::call(engine, method::post, "/containers/" + id + verb), "let the container go on");
}

}  // namespace heberg::ctl
