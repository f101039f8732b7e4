// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/multiports.h"

#include <catch2/catch.hpp>

using namespace heberg;
using Catch::Matchers::StartsWith;

namespace {

auto read(const std::string& text) {
  docker::container container;
  container.environment.emplace_back("VIRTUAL_HOST_MULTIPORTS", text);
  return site::multiports_of(container);
}

std::string refusal_of(const std::string& text) {
  const auto read_text = read(text);
  const auto* refused = std::get_if<site::refused_value>(&read_text);
  return refused == nullptr ? "" : refused->reason;
}

}  // namespace

TEST_CASE("anchors and aliases are refused wherever they are, and signs that are none are not") {
  for (const char* text : {"a.test: &x {\"/\": {port: 1}}\nb.test: *x\n", "a.test: {\"/\": &p {port: 1}}\n",
                           "\"~^a\\\"\": &x {\"/\": {port: 1}}\nb.test: *x\n",
                           "a.test: # it's\n  &x {\"/\": {port: 1}}\nb.test: *x\n", "&x a.test: {}\n"}) {
    INFO(text);
    CHECK(refusal_of(text) == "has an anchor (&)");
  }
  CHECK_THAT(refusal_of("*.example.net: {}\n"), StartsWith("has an alias (*): put a wildcard name in quotes"));
  for (const char* text : {"\"*.example.net\": {}\n", "'~^a\" &b$': {}\n", "\"~^a\\\" &b$\": {}\n"}) {
    INFO(text);
    CHECK(refusal_of(text).empty());
  }
}

TEST_CASE("a second document is refused, not ignored") {
  CHECK(refusal_of("a.test: {}\n---\nb.test: {}\n") == "has more than one document (---)");
  CHECK(refusal_of("---\na.test: {}\n...\n").empty());
}
