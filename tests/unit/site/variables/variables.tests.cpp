// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/variables/variables.h"

#include "unit/site/parse_all.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace {

using namespace heberg;
using namespace heberg::site;
using Catch::StartsWith;

const std::filesystem::path k_source = HEBERG_SOURCE;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  INFO(path);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

// VIRTUAL_ROOT is read for FastCGI only.
std::string refusal_of(variable variable, const std::string& value) {
  return parse_all(make_container({{"VIRTUAL_PROTO", "fastcgi"}, {std::string(variable.name()), value}}));
}

std::vector<std::string> split_values(variable variable) {
  std::vector<std::string> values;
  std::istringstream list(list_values(variable));
  for (std::string value; std::getline(list >> std::ws, value, ',');) values.push_back(value);
  return values;
}

// The lines of docs/proxy.md that are rows of its first table.
std::string documented_table() {
  std::istringstream page(read_text(k_source / "docs/proxy.md"));
  std::string table;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with('|')) {
      table += line + "\n";
    } else if (!table.empty()) {
      break;
    }
  }
  return table;
}

}  // namespace

TEST_CASE("a label sets what the environment sets, and wins") {
  auto c = make_container({{"MAX_BODY", "1m"}, {"READ_TIMEOUT", "5s"}});
  c.labels["heberg.proxy.max_body"] = "2k";
  c.labels["heberg.proxy.MAX_BODY"] = "3k";
  c.labels["heberg.proxy.keepalive"] = "disabled";
  const auto found = std::get<limits>(limits_of(c));
  CHECK(found.max_body == 2048U);
  CHECK(found.read_timeout == std::chrono::seconds(5));
  CHECK(found.keepalive == 0U);
  CHECK(find_value(c, "LOADBALANCE") == nullptr);
  CHECK(label_of("EXTERNAL_HTTP_PORT") == "heberg.proxy.external_http_port");
}

TEST_CASE("what the image says counts in no label, and not in the environment where it names hosts or ports") {
  auto c = make_container({{"MAX_BODY", "1m"}, {"EXTERNAL_HTTP_PORT", "22"}, {"VIRTUAL_HOST", "own.test"}});
  c.labels["heberg.proxy.network_access"] = "external";
  c.labels["heberg.proxy.max_body"] = "";
  c.labels["heberg.proxy.hsts"] = "off";
  auto image = std::make_shared<heberg::docker::image_config>();
  image->environment = {{"MAX_BODY", "1m"}, {"EXTERNAL_HTTP_PORT", "22"}, {"VIRTUAL_HOST", "images.test"}};
  image->labels = {{"heberg.proxy.network_access", "external"}, {"heberg.proxy.max_body", ""}};
  CHECK(*find_value(c, "EXTERNAL_HTTP_PORT") == "22");
  c.image_gives = image;
  CHECK(find_value(c, "NETWORK_ACCESS") == nullptr);
  CHECK(*find_value(c, "MAX_BODY") == "1m");
  CHECK(*find_value(c, "HSTS") == "off");
  CHECK(find_value(c, "EXTERNAL_HTTP_PORT") == nullptr);
  CHECK(*find_value(c, "VIRTUAL_HOST") == "own.test");
  CHECK(find_images_own(c) == "EXTERNAL_HTTP_PORT");
  auto unknown = std::make_shared<heberg::docker::image_config>();
  unknown->is_unknown = true;
  c.image_gives = unknown;
  CHECK(find_value(c, "HSTS") == nullptr);
  CHECK(find_value(c, "EXTERNAL_HTTP_PORT") == nullptr);
  CHECK(*find_value(c, "VIRTUAL_HOST") == "own.test");
}

TEST_CASE("a row of the table is whole, and its name is its own") {
  std::set<std::string_view> names;
  for (const auto& row : k_variable_table) {
    INFO(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(std::ranges::all_of(row.name, [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; }));
    CHECK_FALSE(row.values.empty());
    CHECK_FALSE(row.default_value.empty());
    CHECK(row.meaning.ends_with('.'));
    CHECK(row.meaning.find('\n') == std::string_view::npos);
    CHECK(variable::find(row.name)->name() == row.name);
  }
  CHECK_FALSE(variable::find("VIRTUAL_HOSTS"));
  CHECK_FALSE(variable::find("virtual_host"));
}

TEST_CASE("each variable of the table has a parser, which refuses an unsound value by the variable's name") {
  for (const auto variable : variable::all()) {
    INFO(variable.name());
    CHECK_THAT(refusal_of(variable, "\x01"), StartsWith(std::string(variable.name()) + " \""));
  }
}

TEST_CASE("a variable is of the type that the table names") {
  for (const auto variable : variable::all()) {
    INFO(variable.name());
    switch (variable.row().type) {
      case value_type::port:
        for (const auto* sound : {"1", "65535"}) CHECK(refusal_of(variable, sound).empty());
        for (const auto* unsound : {"0", "65536", "80a"}) CHECK_FALSE(refusal_of(variable, unsound).empty());
        break;
      case value_type::flag:
        for (const auto* sound : {"true", "false", "yes", "no", "on", "off", "1", "0"})
          CHECK(refusal_of(variable, sound).empty());
        [[fallthrough]];
      case value_type::choice:
        REQUIRE(split_values(variable).size() >= 2);
        for (const auto& value : split_values(variable)) CHECK(refusal_of(variable, value).empty());
        CHECK(refusal_of(variable, "x").ends_with(list_values(variable)));
        break;
      case value_type::size:
        for (const auto* sound : {"0", "1", "64k", "64m", "1g"}) CHECK(refusal_of(variable, sound).empty());
        for (const auto* unsound : {"-1", "1h"}) CHECK_FALSE(refusal_of(variable, unsound).empty());
        break;
      case value_type::duration:
        for (const auto* sound : {"1", "90s", "5m", "1h"}) CHECK(refusal_of(variable, sound).empty());
        for (const auto* unsound : {"-1", "1k"}) CHECK_FALSE(refusal_of(variable, unsound).empty());
        break;
      case value_type::hosts:
      case value_type::multiports:
      case value_type::path:
      case value_type::number:
      case value_type::header:
      case value_type::name:
        break;  // each has tests of its own
    }
  }
}

TEST_CASE("a container's variables are read through the table alone") {
  for (const auto* folder : {"lib/site", "proxy-render"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(k_source / folder)) {
      if (!entry.is_regular_file() || entry.path().filename() == "variables.cpp") continue;
      INFO(entry.path());
      CHECK(read_text(entry.path()).find("find_environment") == std::string::npos);
    }
  }
}

TEST_CASE("a variable that only the sysadmin may set is found in a container, by its label too") {
  constexpr auto table = std::to_array<variable_row>({
      {"FREE", value_type::flag, variable_scope::host, variable_setter::any, "x", "x", "x."},
      {"FORBIDDEN", value_type::flag, variable_scope::host, variable_setter::sysadmin, "x", "x", "x."},
  });
  auto c = make_container({{"FREE", "on"}});
  CHECK_FALSE(find_forbidden(c, table));
  c.labels["heberg.proxy.forbidden"] = "";
  CHECK(find_forbidden(c, table) == "FORBIDDEN");
  CHECK(find_forbidden(make_container({{"FORBIDDEN", "off"}}), table) == "FORBIDDEN");
}

TEST_CASE("the table of docs-proxy.md is the table of the variables") {
  INFO("docs/proxy.md: replace its first table by the output of heberg-proxy-render --variables");
  CHECK(documented_table() == print_variables());
}
