// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/directives.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg::proxy;
using names = std::set<std::string>;

}  // namespace

TEST_CASE("a file's own directives are found where they are in the block itself") {
  const struct {
    std::string text;
    names found;
  } rows[] = {
      {"client_max_body_size 1g;", {"client_max_body_size"}},
      {"a b; proxy_read_timeout\n1s;\tserver_tokens\toff;", {"proxy_read_timeout", "server_tokens"}},
      {"# client_max_body_size 1g;\n", {}},
      {"a#b; client_max_body_size 1g;", {"client_max_body_size"}},
      {"add_header X \"; client_max_body_size 1g;\";", {}},
      {"add_header X 'a\\'; client_max_body_size 1g;';", {}},
      {"add_header client_max_body_size x;", {}},
      {"location /a { client_max_body_size 1g; }", {}},
      {"location /a { } client_max_body_size 1g;", {"client_max_body_size"}},
      {"listen 80; proxy_set_header A b;", {}},  // these nginx takes more than once
      {"} client_max_body_size 1g;", {"client_max_body_size"}},
      {"\"", {}},
      {"\\", {}},
      {"", {}},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(find_directives(row.text) == row.found);
  }
}

TEST_CASE("lines give way at their indent alone") {
  const std::string lines = "    a 1;\n    b 2;\n    location / {\n        a 3;\n    }\n    # a\n    include \"a\";";
  CHECK(without_directives(lines, {}, "    ") == lines);
  CHECK(without_directives(lines, {"a"}, "    ") ==
        "    b 2;\n    location / {\n        a 3;\n    }\n    # a\n    include \"a\";");
  CHECK(without_directives("", {"a"}, "    ").empty());
}
