// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/worker_count.h"

#include "docker/top.h"

#include <catch2/catch.hpp>

#include <vector>

using namespace heberg;
using namespace heberg::proxy;

TEST_CASE("nginx's workers are told from its other processes by their names") {
  const std::vector<std::string> commands = {"/bin/bash /usr/local/sbin/entrypoint",
                                             "nginx: master process nginx -c /etc/nginx/running.conf",
                                             "nginx: worker process",
                                             "nginx: worker process",
                                             "nginx: worker process is shutting down",
                                             "nginx: cache manager process",
                                             "sh -c nginx: worker process"};
  const auto found = count_workers(commands);
  CHECK(found.serving == 2);
  CHECK(found.old == 1);
  CHECK(found.generations() == 2);
}

TEST_CASE("an old worker that is left alone is a generation") {
  CHECK(worker_count{.serving = 2, .old = 0}.generations() == 1);
  CHECK(worker_count{.serving = 2, .old = 2}.generations() == 2);
  CHECK(worker_count{.serving = 2, .old = 3}.generations() == 3);
  CHECK(worker_count{.serving = 0, .old = 3}.generations() == 4);
}

TEST_CASE("the engine's list of processes is read, and what is none is nothing") {
  const auto found = docker::parse_top(
      R"({"Titles":["UID","PID","CMD"],"Processes":[["root","1","nginx: master process"],["www","2","nginx: worker process"]]})");
  REQUIRE(found);
  CHECK(*found == std::vector<std::string>{"nginx: master process", "nginx: worker process"});
  for (const auto* bad : {"", "[]", "{}", R"({"Processes":[1]})", R"({"Processes":[[]]})", R"({"Processes":[[1]]})",
                          R"({"Processes":{"a":"b"}})", R"({"message":"no such container"})"}) {
    INFO(bad);
    CHECK_FALSE(docker::parse_top(bad));
  }
}
