// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/status.h"

#include "proxy-render/daemon.h"
#include "proxy-render/plan/planner.h"
#include "proxy-render/render/render_cache.h"
#include "proxy-render/render/render_preamble.h"
#include "support/temp_dir.h"
#include "unit/proxy-render/compact.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <stdexcept>

namespace {

using namespace heberg;
using nlohmann::json;

const proxy::plan k_plan = proxy::make_plan(test::parse_containers(R"(
container a
  env VIRTUAL_HOST=a.test,192.0.2.1,*.a.test
  network bridge 172.17.0.2
container b
  env VIRTUAL_HOST=b.test,~^b
container c
  env VIRTUAL_HOST=\xff
)"),
                                            {});

}  // namespace

TEST_CASE("the status shows what is served, by which containers, and what is not") {
  const auto status = json::parse(proxy::describe_status(k_plan, {}, "/x", proxy::render(k_plan.vhosts, {})));
  CHECK(status["output"] == "/x");
  CHECK(status["current"] == true);
  REQUIRE(status["hosts"].size() == 5);
  CHECK(status["hosts"][1] ==
        json::parse(R"({"host": "a.test", "kind": "name", "owner": "container:a", "state": "up", "in_place": true,
    "certificate": "", "containers": ["a"], "locations": [{"path": "/", "state": "up", "internal": false,
      "backends": [{"container": "a", "address": "172.17.0.2", "port": 80}]}]})"));
  CHECK(status["hosts"][2]["state"] == "unreachable");
  CHECK(status["hosts"][3]["kind"] == "wildcard");
  CHECK(status["hosts"][4]["kind"] == "regex");
  CHECK(status["refused"][0]["container"] == "c");
  CHECK(status["refused"][0]["value"] == "\\xff");
  CHECK(status["unreachable"][0]["container"] == "b");
}

TEST_CASE("the status shows which hosts are not in place") {
  auto fewer = k_plan.vhosts.shared();
  fewer.erase(fewer.begin() + 2);
  const auto live = proxy::render(proxy::vhost_list(fewer), {});
  const auto status = json::parse(proxy::describe_status(k_plan, {}, "/x", live));
  CHECK(status["current"] == false);
  CHECK(status["hosts"][1]["in_place"] == true);
  CHECK(status["hosts"][2]["in_place"] == false);
  CHECK(status["hosts"][3]["in_place"] == true);
  CHECK(json::parse(proxy::describe_status(k_plan, {}, "/x", ""))["current"] == false);
  CHECK(json::parse(proxy::describe_status({}, {}, "/x", proxy::render_preamble({})))["current"] == true);
}

TEST_CASE("the hosts file has the plain names alone") {
  CHECK(proxy::render_hosts_file(k_plan) ==
        std::string(proxy::k_hosts_notice) + "127.0.0.1 a.test\n127.0.0.1 b.test\n");
}

TEST_CASE("a hosts file that is not ours is never written over") {
  const test::temp_dir folder;
  const auto path = (folder / "hosts").string();
  CHECK_NOTHROW(proxy::check_hosts_file(path));
  test::write_file(path, std::string(proxy::k_hosts_notice));
  CHECK_NOTHROW(proxy::check_hosts_file(path));
  test::write_file(path, "127.0.0.1 localhost\n");
  CHECK_THROWS_AS(proxy::check_hosts_file(path), std::invalid_argument);
}
