// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/container/site_container.h"

#include "docker/call.h"
#include "docker/parse.h"
#include "json/fields.h"
#include "json/parse.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <stdexcept>
#include <string_view>

namespace heberg::ctl {
namespace {

using docker::method;

constexpr std::chrono::minutes k_pull_timeout{30};

void check(const docker::call_answer& answer, const std::string& what) {
  if (answer.is_good() || answer.status == 304) return;
  const auto start = what + (answer.problem.empty() ? ": " : ": cannot reach the Docker engine: ");
  throw std::runtime_error(start + answer.reason());
}

// From its registry, with a long timeout. The reply is a JSON document a line; an error is in the last one.
void pull_image(const std::string& engine, const std::string& image) {
  const auto last = image.substr(image.rfind('/') + 1);  // a registry's port is no tag
  const bool has_tag = last.find_first_of(":@") != std::string::npos;
  const auto target = "/images/create?fromImage=" + docker::encode_query(image) + (has_tag ? "" : "&tag=latest");
  const auto answer = docker::call(engine, method::post, target, {}, {.timeout = k_pull_timeout, .bytes = 64 << 20});
  check(answer, "pull the image " + image);
  std::string_view end(answer.body);
  while (end.ends_with('\n') || end.ends_with('\r')) end.remove_suffix(1);
  end.remove_prefix(end.rfind('\n') + 1);
  const auto last_document = parse_json(end);
  if (const auto& error = json_fields::field(last_document, "error"); error.is_string())
    throw std::runtime_error("pull the image " + image + ": " + error.get<std::string>().substr(0, 500));
}

// Pulls the image where it is missing.
void make_container(const std::string& engine, const std::string& name, const placed_site& site) {
  const auto make = [&] {
    return docker::call(engine, method::post, "/containers/create?name=" + name, create_body(site));
  };
  auto made = make();
  if (made.problem.empty() && made.status == 404) {
    pull_image(engine, site.wanted.image);
    made = make();
  }
  check(made, "create container " + site.site);
}

}  // namespace

std::optional<present_container> find_container(const std::string& engine, const std::string& site) {
  const auto answer = docker::call(engine, method::get, "/containers/" + site + "/json");
  if (answer.problem.empty() && answer.status == 404) return std::nullopt;
  check(answer, "container " + site);
  auto present = parse_present(answer.body, site);
  if (!present) throw std::runtime_error("container " + site + ": invalid reply of the Docker engine");
  return present;
}

std::vector<std::string> list_other_users(const std::string& engine, const std::string& tree, const std::string& id) {
  const auto answer =
      docker::call(engine, method::get, "/containers/json?all=true", {}, {.bytes = docker::k_list_bytes_max});
  check(answer, "list the containers");
  return find_users(answer.body, tree, id);
}

void run_container(const std::string& engine, const placed_site& site, const std::string& instead_of) {
  // No site name has capitals. An interrupted run may have left such a container, created but never started.
  const auto spare = site.site + ".NEW";
  const auto cleared = docker::call(engine, method::erase, "/containers/" + spare);
  if (cleared.status != 404) check(cleared, "remove container " + spare);
  make_container(engine, spare, site);
  if (!instead_of.empty()) remove_container(engine, instead_of);
  check(docker::call(engine, method::post, "/containers/" + spare + "/rename?name=" + site.site),
        "rename container " + site.site);
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
  check(docker::call(engine, method::post, "/containers/" + id + verb),
        how == hold::pause ? "pause the container" : "stop the container");
}

void release_container(const std::string& engine, const std::string& id, hold how) {
  const auto verb = how == hold::pause ? std::string("/unpause") : std::string("/start");
  check(docker::call(engine, method::post, "/containers/" + id + verb), "resume the container");
}

}  // namespace heberg::ctl
