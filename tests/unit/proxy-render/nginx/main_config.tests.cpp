// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/main_config.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg::proxy;

std::optional<std::string> substitute(std::string_view text, std::vector<std::string> files = {}) {
  return substitute_include(text, {.folder = "/etc/nginx",
                                   .live = "/etc/nginx/conf.d/heberg.conf",
                                   .candidate = "/tmp/new",
                                   .list_files = [files](const std::string&) { return files; }});
}

}  // namespace

TEST_CASE("the include that takes the live file takes the candidate in its place and order, all else stays") {
  CHECK(substitute("user www-data;\nhttp { gzip on; include /etc/nginx/conf.d/*.conf; include mime.types; }\n",
                   {"/etc/nginx/conf.d/a.conf", "/etc/nginx/conf.d/heberg.conf", "/etc/nginx/conf.d/z.conf"}) ==
        "user www-data;\nhttp { gzip on; include \"/etc/nginx/conf.d/a.conf\"; include \"/tmp/new\"; "
        "include \"/etc/nginx/conf.d/z.conf\";  include mime.types; }\n");
}

TEST_CASE("the candidate is tested before there is a live file") {
  CHECK(substitute("include /etc/nginx/conf.d/*.conf;", {"/etc/nginx/conf.d/z.conf"}) ==
        "include \"/tmp/new\"; include \"/etc/nginx/conf.d/z.conf\"; ");
}

TEST_CASE("an include is found however it is written") {
  for (const auto* text : {"include conf.d/*.conf;", "include conf.d/heberg.conf;", "\tinclude\n  'conf.d/*.conf'\n;",
                           "include \"/etc/nginx/conf.d/heberg.c*\";", "http{include /etc/nginx/*/*.conf;}",
                           "x y;include conf.d/*;", "map $a $b { \"{\" ';'; } include conf.d/*;",
                           "log_format x '\\'; include y;'; include conf.d/*;", "set ${a}b c; include conf.d/*;"}) {
    INFO(text);
    const auto substituted = substitute(text);
    REQUIRE(substituted);
    CHECK(substituted->find("include \"/tmp/new\";") != std::string::npos);
  }
}

TEST_CASE("what is no include of the live file is not taken for one") {
  for (const auto* text :
       {"", "# include /etc/nginx/conf.d/*.conf;\n", "log_format x 'include conf.d/*;';", "xinclude conf.d/*;",
        "include conf.d/*.inc;", "include /etc/nginx/*.conf;", "include conf.d/heberg.conf", "include a conf.d/*;",
        "return 200 \"\ninclude conf.d/*;\n\";", "include .d/*;"}) {
    INFO(text);
    CHECK_FALSE(substitute(text));
  }
}

TEST_CASE("the main configuration's path is what -c says, else what is compiled in, absolute in any case") {
  const std::string_view version =
      "nginx version: nginx/1.22.1\nconfigure arguments: --prefix=/x --conf-path=/etc/nginx/nginx.conf --pid-path=/y\n";
  CHECK(find_main_config({"nginx"}, version) == "/etc/nginx/nginx.conf");
  CHECK(find_main_config({"nginx", "-c", "/srv/n.conf"}, version) == "/srv/n.conf");
  CHECK(find_main_config({"nginx", "-c", "n.conf"}, version) == std::nullopt);
  CHECK(find_main_config({"nginx", "-c"}, version) == "/etc/nginx/nginx.conf");
  CHECK(find_main_config({"nginx"}, "nginx version: x") == std::nullopt);
}
