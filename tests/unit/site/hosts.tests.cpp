// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/hosts.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg;
using namespace heberg::site;

docker::container with(std::vector<std::pair<std::string, std::string>> environment) {
  docker::container c;
  c.environment = std::move(environment);
  return c;
}

std::string reason_of(std::string_view text) {
  const auto parsed = parse_host(text);
  const auto* reason = std::get_if<std::string>(&parsed);
  return reason == nullptr ? "" : *reason;
}

std::vector<host> hosts_of(std::string value) {
  return std::get<std::vector<host>>(virtual_hosts(with({{"VIRTUAL_HOST", std::move(value)}})));
}

}  // namespace

TEST_CASE("a host name comes out canonical") {
  const struct {
    std::string_view text, canonical;
    host_kind kind;
  } rows[] = {
      {"www.example.org", "www.example.org", host_kind::name},
      {"WWW.Example.ORG.", "www.example.org", host_kind::name},
      {"localhost", "localhost", host_kind::name},
      {"a_b.example", "a_b.example", host_kind::name},
      {"xn--bcher-kva.example", "xn--bcher-kva.example", host_kind::name},
      {"b\xc3\xbc"
       "cher.example",
       "xn--bcher-kva.example", host_kind::name},
      {"B\xc3\x9c"
       "CHER.example.",
       "xn--bcher-kva.example", host_kind::name},
      {"*.b\xc3\xbc"
       "cher.example",
       "*.xn--bcher-kva.example", host_kind::leading_wildcard},
      {"www.b\xc3\xbc"
       "cher.*",
       "www.xn--bcher-kva.*", host_kind::trailing_wildcard},
      {"fa\xc3\x9f.example", "xn--fa-hia.example", host_kind::name},
      {"\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "xn--r8jz45g.xn--zckzah", host_kind::name},
      {"192.0.2.1", "192.0.2.1", host_kind::name},
      {"[FD00:0::2]", "[fd00::2]", host_kind::ipv6},
      {"[::1]", "[::1]", host_kind::ipv6},
      {"*.Example.org", "*.example.org", host_kind::leading_wildcard},
      {"*.org.", "*.org", host_kind::leading_wildcard},
      {"www.Example.*", "www.example.*", host_kind::trailing_wildcard},
      {"~^www\\d+\\.example\\.org$", "~^www\\d+\\.example\\.org$", host_kind::regex},
      {"~^(A|b)\\.example", "~^(A|b)\\.example", host_kind::regex},
      {"~^a|^b", "~^a|^b", host_kind::regex},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const auto parsed = parse_host(row.text);
    REQUIRE(std::holds_alternative<host>(parsed));
    CHECK(std::get<host>(parsed) == host{row.kind, std::string(row.canonical)});
  }
}

TEST_CASE("what is no host name is refused with its reason") {
  const struct {
    std::string text;
    std::string_view reason;
  } rows[] = {
      {"", "is empty"},
      {".", "has an empty label"},
      {".example.org", "has an empty label"},
      {"a..b", "has an empty label"},
      {"../etc/passwd", "has an empty label"},
      {"va.test_location", "has an underscore in its last label"},
      {"VA.test_Location.", "has an underscore in its last label"},
      {"*.va.test_location", "has an underscore in its last label"},
      {"va.test_0123456789abcdef0123456789abcdef01234567", "has an underscore in its last label"},
      {"_", "has an underscore in its last label"},
      {"site_1", "has an underscore in its last label"},
      {"0123456789abcdef0123456789ABCDEF01234567", "is like the SHA-1 of another host"},
      {"-a.example", "has a label that begins or ends with a hyphen"},
      {"a-.example", "has a label that begins or ends with a hyphen"},
      {std::string(64, 'a') + ".example", "has a label longer than 63 bytes"},
      {"a b.example", "contains a character other than letters, digits, hyphen, underscore and dot"},
      {"a;b", "contains a character other than letters, digits, hyphen, underscore and dot"},
      {"a{b", "contains a character other than letters, digits, hyphen, underscore and dot"},
      {"a\"b", "contains a character other than letters, digits, hyphen, underscore and dot"},
      {"a\\b", "contains a character other than letters, digits, hyphen, underscore and dot"},
      {"$host", "contains a character other than letters, digits, hyphen, underscore and dot"},
      {"#a", "contains a character other than letters, digits, hyphen, underscore and dot"},
      {"a/b", "contains a character other than letters, digits, hyphen, underscore and dot"},
      {"f.test:8080", "contains a colon: set the port in VIRTUAL_PORT"},
      {"https://a.example", "contains a colon: set the port in VIRTUAL_PORT"},
      {"*", "has a wildcard that is not the whole first or last label"},
      {"www.*.example", "has a wildcard that is not the whole first or last label"},
      {"*.example.*", "has a wildcard that is not the whole first or last label"},
      {"*a.example", "has a wildcard that is not the whole first or last label"},
      {"*.", "has a wildcard that is not the whole first or last label"},
      {"a\nb", "contains a control character"},
      {"a\tb", "contains a control character"},
      {std::string("a\0b", 3), "contains a control character"},
      {"a\x7f", "contains a control character"},
      {"a.\xe2\x80\x8b.example", "has an empty label"},  // a zero-width space, which TR 46 takes away
      {"\xff.example", "is not a valid international name: string encoding error"},
      {"[::1", "is not an IPv6 address in brackets"},
      {"[", "is not an IPv6 address in brackets"},
      {"[]", "is not an IPv6 address in brackets"},
      {"[127.0.0.1]", "is not an IPv6 address in brackets"},
      {"[fe80::1%eth0]", "is not an IPv6 address in brackets"},
      {"~^(", "is not a valid regular expression: missing closing parenthesis at offset 2"},
      {"~^a{2", ""},  // PCRE takes an open brace literally, and so does nginx
      {"~example", "is a regular expression that is not anchored: begin it with \"^\""},
      {"~", "is an empty regular expression"},
      {"~^a|b", "is a regular expression that is not anchored: begin it with \"^\""},
      {"~(?m)^a", "is a regular expression that is not anchored: begin it with \"^\""},
      {"~.*", "is a regular expression that is not anchored: begin it with \"^\""},
      {"~^(?<host>a)", "is a regular expression with a named group"},
      {"~^(?P<uri>a)", "is a regular expression with a named group"},
      {"~(*LIMIT_MATCH=4000000000)^a", "is a regular expression with \"(*\" in it"},
      {"~^a(*ACCEPT)b", "is a regular expression with \"(*\" in it"},
      {"~^" + std::string(255, 'a'), "is a regular expression longer than 255 bytes"},
      {"~^\xc3\xbc", "is not ASCII: a regular expression is matched against the xn-- form of an international name"},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(reason_of(row.text) == row.reason);
  }
}

TEST_CASE("a name of 253 bytes is legal, one of 254 is not") {
  const std::string label = std::string(63, 'a') + ".";
  CHECK(reason_of(label + label + label + std::string(61, 'a')).empty());
  CHECK(reason_of(label + label + label + std::string(61, 'a') + ".").empty());
  CHECK(reason_of(label + label + label + std::string(62, 'a')) == "is longer than 253 bytes");
  CHECK(reason_of(std::string(300, 'a')) == "is longer than 253 bytes");
}

TEST_CASE("VIRTUAL_HOST is a comma list: trimmed, sorted, each name once, empty pieces are nothing") {
  CHECK(hosts_of(" b.example ,,A.example\t, a.example.,") ==
        std::vector<host>{{host_kind::name, "a.example"}, {host_kind::name, "b.example"}});
  CHECK(hosts_of("").empty());
  CHECK(hosts_of(" , ,").empty());
  CHECK(std::get<std::vector<host>>(virtual_hosts(with({}))).empty());
}

TEST_CASE("one bad name refuses the whole value, and says which") {
  const auto refused = std::get<refused_value>(virtual_hosts(with({{"VIRTUAL_HOST", "good.example, b\nad"}})));
  CHECK(refused == refused_value{"VIRTUAL_HOST", "b\\x0aad", "contains a control character"});
}

TEST_CASE("a container may want 256 names, not more") {
  std::string value;
  for (int i = 0; i < 256; ++i) value += "h" + std::to_string(i) + ".example,";
  CHECK(hosts_of(value).size() == 256);
  const auto refused = std::get<refused_value>(virtual_hosts(with({{"VIRTUAL_HOST", value + "one-more.example"}})));
  CHECK(refused.reason == "contains more than 256 names");
  CHECK(refused.value.size() < 150);
}

TEST_CASE("a container may want 16 regular expressions, not more") {
  std::string value;
  for (int i = 0; i < 16; ++i) value += "~^h" + std::to_string(i) + "\\.example$,";
  CHECK(hosts_of(value + "name.example").size() == 17);
  const auto refused = std::get<refused_value>(virtual_hosts(with({{"VIRTUAL_HOST", value + "~^one-more$"}})));
  CHECK(refused.reason == "contains more than 16 regular expressions: use names, or wildcards such as *.example.org");
}

TEST_CASE("the port is VIRTUAL_PORT's, else the only exposed TCP port, else 80") {
  auto c = with({});
  CHECK(std::get<std::uint16_t>(virtual_port(c)) == 80);
  c.exposed_ports = {{53, "udp"}, {3000, "tcp"}};
  CHECK(std::get<std::uint16_t>(virtual_port(c)) == 3000);
  c.exposed_ports = {{3000, "tcp"}, {3001, "tcp"}};
  CHECK(std::get<std::uint16_t>(virtual_port(c)) == 80);
  c.environment = {{"VIRTUAL_PORT", ""}};
  CHECK(std::get<std::uint16_t>(virtual_port(c)) == 80);
  c.environment = {{"VIRTUAL_PORT", " 9000 "}};
  CHECK(std::get<std::uint16_t>(virtual_port(c)) == 9000);
}

TEST_CASE("a bad VIRTUAL_PORT is refused, never guessed") {
  for (const std::string value : {"0", "65536", "99999", "abc", "80,443", "80;", "-1", "+80", "0x50", "8 0", "80\n}"}) {
    INFO(value);
    const auto port = virtual_port(with({{"VIRTUAL_PORT", value}}));
    REQUIRE(std::holds_alternative<refused_value>(port));
    CHECK(std::get<refused_value>(port).reason == "is not a port from 1 to 65535");
  }
}

TEST_CASE("a container on the host's network must say its port") {
  auto c = with({});
  c.host_network = true;
  c.exposed_ports = {{3000, "tcp"}};
  CHECK(std::get<refused_value>(virtual_port(c)).reason == "must be set: the container is on the host's network");
  c.environment = {{"VIRTUAL_PORT", "3000"}};
  CHECK(std::get<std::uint16_t>(virtual_port(c)) == 3000);
}

TEST_CASE("a refused value is shown printable and cut short") {
  CHECK(printable("a\x1b[31mb\xff\n") == "a\\x1b[31mb\\xff\\x0a");
  CHECK(printable("abcdef", 3) == "abc...");
}
