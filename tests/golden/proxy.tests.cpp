// SPDX-License-Identifier: LGPL-2.1-or-later
// proxy/*.txt: containers (unit/proxy-render/compact.h), "----------", what the proxy makes of them: a "! " line for
// each complaint, then nginx's text. The preamble is in preamble.txt alone; every other text is what follows it. Every
// text is put to a real nginx. In many-*.txt few hosts are many. HEBERG_UPDATE_GOLDEN=1 writes the files anew, to be
// read in git diff.
#include "proxy-render/nginx/nginx.h"
#include "proxy-render/nginx/scratch.h"
#include "proxy-render/plan/planner.h"
#include "proxy-render/render/render_cache.h"
#include "proxy-render/render/render_preamble.h"
#include "support/temp_dir.h"
#include "unit/proxy-render/compact.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

namespace {

using namespace heberg;
namespace fs = std::filesystem;

constexpr std::string_view k_separator = "----------\n";

const proxy::render_options k_options{
    .http_port = 8080, .ipv6 = true, .max_body = 64U << 20U, .access_log = "/dev/null", .preamble = {}};

// Lines "# given HOST OWNER" of the containers' text.
std::map<site::host, std::string> given_in(const std::string& input) {
  std::map<site::host, std::string> owners;
  std::istringstream lines(input);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string mark, given, host, owner;
    if (words >> mark >> given >> host >> owner && mark == "#" && given == "given")
      owners.emplace(std::get<site::host>(site::parse_host(host)), owner);
  }
  return owners;
}

// Containers of no site share these.
std::set<site::host> shared_hosts() {
  return {{site::host_kind::name, "plain.example.org"}, {site::host_kind::name, "grpc.example.org"}};
}

proxy::plan plan_of(const std::string& input) {
  return proxy::make_plan(test::parse_containers(input), {.sites = {.root = "/sites", .images = {"php:apache"}},
                                                          .own_ports = {8080, 8443},
                                                          .external_ports = {{1024, 65535}},
                                                          .shared_hosts = shared_hosts(),
                                                          .host_owners = given_in(input)});
}

std::string show(const std::vector<proxy::complaint>& complaints) {
  std::string text;
  for (const auto& about : complaints) {
    text += "! " + about.container + ": ";
    if (!about.variable.empty()) text += about.variable + " \"" + about.value + "\" ";
    text += about.reason + "\n";
  }
  return text;
}

proxy::config_test_result test_config(const std::string& text) {
  const test::temp_dir folder;
  test::write_file(folder / "candidate", text);
  boost::asio::io_context io;
  proxy::config_test_result result;
  boost::asio::co_spawn(io, proxy::test_config({}, (folder / "candidate").string(), proxy::test_scope::alone),
                        [&result](std::exception_ptr error, proxy::config_test_result found) {
                          if (error) std::rethrow_exception(error);
                          result = std::move(found);
                        });
  io.run();
  return result;
}

std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(HEBERG_GOLDEN "/proxy")) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("containers become the expected text, and nginx accepts it") {
  const auto files = golden_files();
  REQUIRE(files.size() >= 10);
  for (const auto& file : files) {
    INFO(file);
    const auto whole = test::read_file(file);
    const auto at = whole.find(k_separator);
    REQUIRE(at != std::string::npos);
    const auto input = whole.substr(0, at);
    const auto plan = plan_of(input);
    auto options = k_options;
    if (file.filename().string().starts_with("many-")) options.many_hosts = 0;
    const auto text = proxy::render(plan.vhosts, options);
    const auto preamble = proxy::render_preamble(options);
    REQUIRE(text.starts_with(preamble));

    const bool whole_text = file.filename() == "preamble.txt";
    const auto shown = show(plan.refused) + show(plan.unreachable) + (whole_text ? text : text.substr(preamble.size()));
    if (std::getenv("HEBERG_UPDATE_GOLDEN") != nullptr) {
      test::write_file(file, input + std::string(k_separator) + shown);
    } else {
      CHECK(whole.substr(at + k_separator.size()) == shown);
    }

    const auto result = test_config(text);
    INFO(result.message);
    CHECK(result.kind == proxy::config_test_result::kind::accepted);
  }
}

TEST_CASE("nginx refuses what is wrong, so that its acceptance proves something") {
  CHECK(test_config("server { listen 8080; server_name \"~(\"; }\n").kind == proxy::config_test_result::kind::refused);
}
