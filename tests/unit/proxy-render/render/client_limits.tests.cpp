// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render/client_limits.h"

#include "proxy-render/plan/planner.h"
#include "proxy-render/render/render_cache.h"
#include "proxy-render/render/render_preamble.h"
#include "unit/proxy-render/compact.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg;
using namespace heberg::proxy;
using Catch::Matchers::Contains;

std::string render_one(const render_options& options, const std::string& more = "") {
  const auto plan = make_plan(
      test::parse_containers("container a\n  env VIRTUAL_HOST=a.test\n  network bridge 172.17.0.2\n" + more), {});
  return render(plan.vhosts, options);
}

}  // namespace

TEST_CASE("one client has so many requests at a time, or any number") {
  CHECK_THAT(render_preamble({.client_requests = 7}), Contains("\nlimit_conn heberg_clients 7;\n"));
  CHECK_THAT(render_preamble({.client_requests = 0}), !Contains("heberg_clients"));
}

TEST_CASE("bodies and answers go through without a file") {
  const auto text = render_preamble({});
  CHECK_THAT(text, Contains("\nproxy_request_buffering off;\n"));
  CHECK_THAT(text, Contains("\nproxy_max_temp_file_size 0;\n"));
  CHECK_THAT(text, Contains("\nclient_header_timeout 10s;\n"));
}

TEST_CASE("a limit that the sysadmin's configuration has is given up, by its name alone") {
  preamble_lines lines;
  CHECK_FALSE(give_up_limit(lines, "\"keepalive_timeout\" directive is duplicate in x:1"));
  CHECK(give_up_limit(lines, "[emerg] \"client_body_timeout\" directive is duplicate in /etc/nginx/x:1"));
  CHECK_FALSE(give_up_limit(lines, "\"client_body_timeout\" directive is duplicate in x:1"));  // ours is gone
  CHECK(lines.limits_given_up == std::vector<std::string>{"client_body_timeout"});
  const auto text = render_preamble({.preamble = lines});
  CHECK_THAT(text, !Contains("client_body_timeout"));
  CHECK_THAT(text, Contains("client_header_timeout"));
  CHECK(list_given_up(text) == lines.limits_given_up);
  CHECK(list_given_up("").size() == 8);
}

TEST_CASE("no site's body is larger than the sysadmin's limit") {
  const render_options limited{.max_body_limit = 100U << 20U};
  CHECK_THAT(render_one(limited, "  env MAX_BODY=0\n"), Contains("client_max_body_size 100m;"));
  CHECK_THAT(render_one(limited, "  env MAX_BODY=1g\n"), Contains("client_max_body_size 100m;"));
  CHECK_THAT(render_one(limited, "  env MAX_BODY=9m\n"), Contains("client_max_body_size 9m;"));
  CHECK_THAT(render_one({}, "  env MAX_BODY=0\n"), Contains("client_max_body_size 0;"));
}
