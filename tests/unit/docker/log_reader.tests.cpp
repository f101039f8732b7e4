// SPDX-License-Identifier: LGPL-2.1-or-later
// How an answer ends: what the engine's status and message mean to a reader.
#include "docker/log_reader.h"

#include "support/fake_engine.h"
#include "support/temp_dir.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <optional>
#include <string>

using namespace heberg;
using docker::log_end;

namespace {

struct counting_sink final : docker::log_sink {
  int pieces = 0;
  bool take(const docker::log_piece&) override { return ++pieces > 0; }
};

struct reader_fixture {
  test::temp_dir dir;
  test::fake_engine engine{dir / "docker.sock"};
  std::string id = engine.add(test::make_container("web-a", "a.test", "/sites/a/www"));
  counting_sink sink;
  std::string why;

  log_end read(const std::string& container) {
    boost::asio::io_context io;
    std::optional<log_end> end;
    const docker::log_reader reader(io, docker::parse_endpoint(engine.host()), {.container = container},
                                    std::make_shared<docker::log_scratch>(4096), sink,
                                    {.opened = {}, .ended = [&](log_end how, std::string_view text) {
                                       end = how;
                                       why = text;
                                     }});
    io.run();
    REQUIRE(end);
    return *end;
  }
};

}  // namespace

TEST_CASE_METHOD(reader_fixture, "an answer that the engine closes after its pieces is whole") {
  engine.change_log("web-a", [](auto& log) { log.entries = {{1, 1'795'540'673'000'000'001, "line\n"}}; });
  CHECK(read(id) == log_end::eof);
  CHECK(sink.pieces == 1);
}

TEST_CASE_METHOD(reader_fixture, "a refusal ends the answer by its status and message") {
  struct row {
    int status;
    const char* message;
    log_end end;
  };
  const auto r =
      GENERATE(row{404, "No such container: x", log_end::gone}, row{501, "cannot be read", log_end::unsupported},
               row{409, "can not get logs from container which is dead or marked for removal", log_end::removing},
               row{409, "conflict", log_end::failed}, row{500, "no", log_end::failed});
  INFO(r.status << " " << r.message);
  engine.change_log("web-a", [&](auto& log) {
    log.status = r.status;
    log.refusal = r.message;
  });
  CHECK(read(id) == r.end);
  CHECK(why == "the engine answers " + std::to_string(r.status) + " {\"message\":\"" + r.message + "\"}");
}

TEST_CASE_METHOD(reader_fixture, "a container that the engine does not have is gone") {
  CHECK(read(std::string(64, '0')) == log_end::gone);
}
