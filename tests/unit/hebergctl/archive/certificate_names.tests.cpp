// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/archive/certificate_names.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

using namespace heberg::ctl;
using heberg::test::temp_dir;
using heberg::test::write_file;
using names = std::vector<std::string>;

TEST_CASE("a site's certificates are those that its hosts are served with, and those that are missing are listed") {
  const temp_dir folder;
  for (const char* name : {"example.org", "www.example.net", "named", "default"}) {
    write_file(folder / (std::string(name) + ".crt"), "");
    write_file(folder / (std::string(name) + ".key"), "");
  }
  write_file(folder / "half.test.crt", "");  // no key
  const auto path = folder.path().string();
  const auto list = [&](names hosts, names environment = {}) {
    return list_certificates_of(path, {.hosts = std::move(hosts), .environment = std::move(environment)});
  };
  CHECK(list({"example.org", "www.example.org", "www.example.net"}) == names{"example.org", "www.example.net"});
  CHECK(list({"example.net", "half.test", "x.example.test"}).empty());  // "default" is the host's own
  CHECK(list({"example.org"}, {"CERT_NAME=named"}) == names{"named"});
  CHECK(list({"example.org"}, {"CERT_NAME=../example.org"}).empty());
  CHECK(list({"example.org"}, {"CERT_NAME=none"}).empty());

  CHECK(find_missing(path, {"example.org", "gone.test", "half.test", "../named"}) ==
        names{"gone.test", "half.test", "../named"});
  CHECK(join_names({"a", "b"}) == "a, b");
}
