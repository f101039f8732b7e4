// SPDX-License-Identifier: LGPL-2.1-or-later
// Each variable with values that are sound, and values that are not.
#include "unit/site/parse_all.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg;
using namespace heberg::site;
using namespace std::chrono_literals;

docker::container with(std::vector<std::pair<std::string, std::string>> environment) {
  return make_container(std::move(environment));
}

std::string refusal_of(const std::string& name, const std::string& value) {
  return parse_all(with({{name, value}}));
}

route route_with(std::vector<std::pair<std::string, std::string>> environment) {
  return std::get<route>(route_of(with(std::move(environment))));
}

}  // namespace

TEST_CASE("a variable that is not set has its default value") {
  CHECK(route_with({}) == route{});
  CHECK(route_with({{"VIRTUAL_PATH", " "}, {"VIRTUAL_DEST", ""}}) == route{});
  CHECK(std::get<limits>(limits_of(with({{"MAX_BODY", ""}, {"KEEPALIVE", "auto"}}))) == limits{});
  CHECK(std::get<struct site::access>(access_of(with({{"NETWORK_ACCESS", "external"}}))) == site::access{});
}

TEST_CASE("a path is a prefix, or says what it is") {
  CHECK(route_with({{"VIRTUAL_PATH", "/a"}}).path == path{path_kind::prefix, "/a"});
  CHECK(route_with({{"VIRTUAL_PATH", "= /a"}}).path == path{path_kind::exact, "/a"});
  CHECK(route_with({{"VIRTUAL_PATH", "=/a"}}).path == path{path_kind::exact, "/a"});
  CHECK(route_with({{"VIRTUAL_PATH", "^~ /a/"}}).path == path{path_kind::preferred, "/a/"});
  CHECK(route_with({{"VIRTUAL_PATH", "~ ^/(a|b)/\\d{2}$"}}).path == path{path_kind::regex, "^/(a|b)/\\d{2}$"});
  CHECK(route_with({{"VIRTUAL_PATH", "~* \\.php$"}}).path == path{path_kind::regex_nocase, "\\.php$"});
  CHECK(show(route_with({{"VIRTUAL_PATH", "=/a"}}).path) == "= /a");
}

TEST_CASE("a php-fpm image is spoken to as one") {
  auto c = with({});
  c.image = "php:8.2-fpm";
  auto found = std::get<route>(route_of(c));
  CHECK(found.protocol == protocol::fastcgi);
  CHECK(found.root == "/var/www/html");
  c.environment = {{"VIRTUAL_PROTO", "http"}};
  CHECK(std::get<route>(route_of(c)).protocol == protocol::http);
  CHECK(route_with({{"VIRTUAL_PROTO", "fastcgi"}}).root == "/var/www/public");
}

TEST_CASE("sizes, times and numbers") {
  const auto body = [](const std::string& text) {
    return std::get<limits>(limits_of(with({{"MAX_BODY", text}}))).max_body;
  };
  CHECK(body("0") == 0U);
  CHECK(body("512") == 512U);
  CHECK(body("64M") == 64U << 20U);
  CHECK(body("1g") == 1U << 30U);
  const auto time = [](const std::string& text) {
    return std::get<limits>(limits_of(with({{"READ_TIMEOUT", text}}))).read_timeout;
  };
  CHECK(time("90") == 90s);
  CHECK(time("5m") == 300s);
  CHECK(time("24h") == 24h);
  CHECK(std::get<limits>(limits_of(with({{"LOADBALANCE", "ip_hash"}}))).balance == balance::ip_hash);
  CHECK(std::get<limits>(limits_of(with({{"KEEPALIVE", "1000"}}))).keepalive == 1000U);
}

TEST_CASE("a value of another type is refused, and named with the reason") {
  const struct {
    std::string name, value, reason;
  } rows[] = {
      {"VIRTUAL_PATH", "a", "does not begin with a slash"},
      {"VIRTUAL_PATH", "=", "does not begin with a slash"},
      {"VIRTUAL_PATH", "/a b", "contains a character other than letters, digits and /._~-!&()*+,=:@%"},
      {"VIRTUAL_PATH", "/a$b", "contains a character other than letters, digits and /._~-!&()*+,=:@%"},
      {"VIRTUAL_PATH", "/a;", "contains a character other than letters, digits and /._~-!&()*+,=:@%"},
      {"VIRTUAL_PATH", "/a{", "contains a character other than letters, digits and /._~-!&()*+,=:@%"},
      {"VIRTUAL_PATH", "/" + std::string(255, 'a'), "is longer than 255 bytes"},
      {"VIRTUAL_PATH", "~", "is an empty regular expression"},
      {"VIRTUAL_PATH", "~ (", "is not a valid regular expression: missing closing parenthesis at offset 1"},
      {"VIRTUAL_PATH", "~ ^/(?<a>x)", "is a regular expression with a named group"},
      {"VIRTUAL_PATH", "~ (*ACCEPT)", "is a regular expression with \"(*\" in it"},
      {"VIRTUAL_DEST", "x", "does not begin with a slash"},
      {"VIRTUAL_DEST", "/; return 200 \"x\"", "contains a character other than letters, digits and /._~-!&()*+,=:@%"},
      {"VIRTUAL_DEST", "/$host", "contains a character other than letters, digits and /._~-!&()*+,=:@%"},
      {"VIRTUAL_PROTO", "htp", "is not one of http, https, fastcgi, uwsgi, grpc, grpcs"},
      {"VIRTUAL_PROTO", "HTTP", "is not one of http, https, fastcgi, uwsgi, grpc, grpcs"},
      {"MAX_BODY", "1t", "is not a size: use a number with k, m or g such as 64m, or 0"},
      {"MAX_BODY", "-1", "is not a size: use a number with k, m or g such as 64m, or 0"},
      {"MAX_BODY", "m", "is not a size: use a number with k, m or g such as 64m, or 0"},
      {"MAX_BODY", "1m;", "is not a size: use a number with k, m or g such as 64m, or 0"},
      {"MAX_BODY", "1025g", "is not a size: use a number with k, m or g such as 64m, or 0"},
      {"MAX_BODY", "99999999999999999999", "is not a size: use a number with k, m or g such as 64m, or 0"},
      {"READ_TIMEOUT", "0", "is not a time from 1s to 24h: use a number with s, m or h such as 90s"},
      {"READ_TIMEOUT", "25h", "is not a time from 1s to 24h: use a number with s, m or h such as 90s"},
      {"READ_TIMEOUT", "5d", "is not a time from 1s to 24h: use a number with s, m or h such as 90s"},
      {"READ_TIMEOUT", "s", "is not a time from 1s to 24h: use a number with s, m or h such as 90s"},
      {"LOADBALANCE", "least_conn;", "is not one of round_robin, least_conn, ip_hash"},
      {"LOADBALANCE", "hash $remote_addr", "is not one of round_robin, least_conn, ip_hash"},
      {"KEEPALIVE", "1001", "is not one of auto, disabled, a number up to 1000"},
      {"KEEPALIVE", "-1", "is not one of auto, disabled, a number up to 1000"},
      {"NETWORK_ACCESS", "intern", "is not one of internal, external"},
      {"MAINTENANCE", "maybe", "is not one of true, false"},
      {"REDIRECT_WWW", "301", "is not one of true, false"},
      {"SERVER_TOKENS", "build;", "is not one of on, off"},
      {"HTTPS_METHOD", "none", "is not one of redirect, noredirect, nohttp, nohttps"},
      {"HSTS", "on", "is neither off nor max-age=SECONDS; includeSubDomains; preload"},
      {"HSTS", "max-age=", "is neither off nor max-age=SECONDS; includeSubDomains; preload"},
      {"HSTS", "max-age=1;", "is neither off nor max-age=SECONDS; includeSubDomains; preload"},
      {"HSTS", "max-age=1; x", "is neither off nor max-age=SECONDS; includeSubDomains; preload"},
      {"HSTS", "max-age=1; preload; includeSubDomains",
       "is neither off nor max-age=SECONDS; includeSubDomains; preload"},
      {"HSTS", "max-age=1;\tpreload", "is neither off nor max-age=SECONDS; includeSubDomains; preload"},
      {"HSTS", "max-age=1\n; includeSubDomains; preload",
       "is neither off nor max-age=SECONDS; includeSubDomains; preload"},
      {"HSTS", "max-age=1\"; } server {", "is neither off nor max-age=SECONDS; includeSubDomains; preload"},
      {"CERT_NAME", "../../x", "is not a certificate name such as example.org"},
      {"CERT_NAME", "*.test", "is not a certificate name such as example.org"},
  };
  for (const auto& row : rows) {
    INFO(row.name << "=" << row.value);
    CHECK(refusal_of(row.name, row.value) == row.name + " \"" + printable(row.value) + "\" " + row.reason);
  }
}

TEST_CASE("a destination goes with a path that can be replaced, in a protocol that has one") {
  const auto refusal = [](const std::string& path, const std::string& protocol) {
    return show_refusal(route_of(with({{"VIRTUAL_PATH", path}, {"VIRTUAL_DEST", "/x"}, {"VIRTUAL_PROTO", protocol}})));
  };
  CHECK(refusal("/a", "https").empty());
  CHECK(refusal("= /a", "http").empty());
  CHECK(refusal("~ ^/a", "http") == "VIRTUAL_DEST \"/x\" cannot replace a regular expression");
  CHECK(refusal("/a", "uwsgi") == "VIRTUAL_DEST \"/x\" requires VIRTUAL_PROTO http or https");
}

TEST_CASE("a document root that is no path is refused where it is used") {
  const auto refusal = [](const std::string& protocol) {
    return show_refusal(route_of(with({{"VIRTUAL_PROTO", protocol}, {"VIRTUAL_ROOT", "/x; } server {"}})));
  };
  CHECK(refusal("http").empty());
  CHECK(refusal("fastcgi").find("VIRTUAL_ROOT \"/x; } server {\" contains a character other than") == 0);
}

TEST_CASE("what HSTS may say") {
  for (const auto* value : {"max-age=0", "max-age=31536000; includeSubDomains", "max-age=1;includeSubDomains;preload",
                            "max-age=1; preload"}) {
    INFO(value);
    CHECK(std::get<tls>(tls_of(with({{"HSTS", value}}))).hsts == value);
  }
  CHECK(std::get<tls>(tls_of(with({{"HSTS", "off"}}))).hsts.empty());
  CHECK(std::get<tls>(tls_of(with({{"CERT_NAME", "Shared"}}))).certificate == "shared");
}
