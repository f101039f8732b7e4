// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/names.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

using heberg::is_site_id;
using heberg::is_site_name;
using heberg::is_system_name;

TEST_CASE("a site's name is lower case, digits, and . _ - after the first character") {
  for (const char* name : {"a", "_", "site_1", "www.example.org", "a-b", "x.", "a1", "_x", "a_.-0123456789"}) {
    INFO(name);
    CHECK(is_site_name(name));
  }
}

TEST_CASE("a site's name has at most 32 bytes") {
  CHECK(is_site_name(std::string(32, 'a')));
  CHECK_FALSE(is_site_name(std::string(33, 'a')));
  CHECK_FALSE(is_site_name(std::string(300, 'a')));
}

TEST_CASE("a name that could break out of a path, a line or a field is refused") {
  using namespace std::string_literals;
  for (const std::string& name : {""s,
                                  "."s,
                                  ".."s,
                                  "a..b"s,
                                  "../a"s,
                                  "a/b"s,
                                  "-a"s,
                                  ".a"s,
                                  "1a"s,
                                  "A"s,
                                  "aB"s,
                                  "a b"s,
                                  "a:b"s,
                                  "a\n"s,
                                  "\na"s,
                                  "a\0b"s,
                                  "a\0"s,
                                  "\0"s,
                                  "\xc3\xa9t\xc3\xa9"s,
                                  "a\x7f"s,
                                  "a\x01"s,
                                  "a,b"s,
                                  "a$"s,
                                  "a*"s}) {
    INFO(name);
    CHECK_FALSE(is_site_name(name));
  }
}

TEST_CASE("no site takes the name of a system user or group") {
  for (const char* name : {"root",
                           "daemon",
                           "bin",
                           "sys",
                           "adm",
                           "shadow",
                           "sudo",
                           "www-data",
                           "nobody",
                           "nogroup",
                           "sshd",
                           "_apt",
                           "_ssh",
                           "messagebus",
                           "mysql",
                           "postgres",
                           "docker",
                           "nginx",
                           "wheel",
                           "zabbix",
                           "systemd-network",
                           "systemd-anything",
                           "systemd"}) {
    INFO(name);
    CHECK(is_system_name(name));
    CHECK_FALSE(is_site_name(name));
  }
}

TEST_CASE("names that only resemble a system name are free") {
  for (const char* name : {"root2", "roo", "site-root", "systemd.example", "mysql-shop", "www", "_aptx"}) {
    INFO(name);
    CHECK_FALSE(is_system_name(name));
    CHECK(is_site_name(name));
  }
}

TEST_CASE("every name in this machine's base-passwd is a system name") {
  for (const char* file : {"/usr/share/base-passwd/passwd.master", "/usr/share/base-passwd/group.master"}) {
    std::ifstream in(file);  // absent outside Debian: nothing to check then
    for (std::string line; std::getline(in, line);) {
      const std::string name = line.substr(0, line.find(':'));
      INFO(name);
      CHECK(is_system_name(name));
    }
  }
}

TEST_CASE("ids of the system, of nobody, and the invalid one are no site's") {
  for (const std::uint32_t id : {0U, 1U, 33U, 999U, 65534U, 0xffffffffU}) {
    INFO(id);
    CHECK_FALSE(is_site_id(id));
  }
  for (const std::uint32_t id : {1000U, 20000U, 59999U, 65533U, 65535U, 0xfffffffeU}) {
    INFO(id);
    CHECK(is_site_id(id));
  }
}
