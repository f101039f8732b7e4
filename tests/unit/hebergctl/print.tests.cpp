// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/print.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::ctl;

namespace {

ledger::site make_site(std::string name, std::uint32_t uid, std::string host) {
  ledger::site site;
  site.name = std::move(name);
  site.uid = uid;
  site.gecos = std::move(host);
  site.created_at = ledger::time(std::chrono::seconds(1'700'000'000));
  site.origin = ledger::hash_origin::password;
  site.hash = "$y$secret";
  return site;
}

}  // namespace

TEST_CASE("the table lines up, and names each state") {
  auto retired = make_site("site_2", 20001, "b.test");
  retired.missing_since = retired.retired_at = ledger::time(std::chrono::seconds(1'700'000'100));
  auto locked = make_site("a", 20002, "c.test");
  locked.locked_at = locked.created_at;
  locked.origin = ledger::hash_origin::empty;
  const std::vector<ledger::site> sites = {locked, make_site("site_1", 20000, "www.example.org"), retired};
  CHECK(print_table(sites) ==
        "NAME    UID    STATE          PASSWORD  HOST\n"
        "a       20002  active,locked  off       c.test\n"
        "site_1  20000  active         set       www.example.org\n"
        "site_2  20001  retired        set       b.test\n");
}

TEST_CASE("no sites: the heading alone") {
  CHECK(print_table({}) == "NAME  UID  STATE  PASSWORD  HOST\n");
}

TEST_CASE("a site's page says where its tree is, and why it is locked") {
  auto site = make_site("site_1", 20000, "www.example.org");
  site.locked_at = site.created_at;
  site.lock_reason = "unpaid\nforged line";
  CHECK(print_site(site, "/sites") ==
        "site        site_1\n"
        "host        www.example.org\n"
        "uid         20000\n"
        "state       active,locked\n"
        "password    set\n"
        "tree        /sites/site_1\n"
        "created     2023-11-14T22:13:20Z\n"
        "locked      2023-11-14T22:13:20Z\n"
        "why         unpaid\\x0aforged line\n");
}

TEST_CASE("JSON contains every field but the hash") {
  const auto text = print_json(make_site("site_1", 20000, "www.example.org"));
  CHECK(text ==
        "{\n  \"name\": \"site_1\",\n  \"uid\": 20000,\n  \"state\": \"active\",\n  \"password\": \"set\",\n"
        "  \"host\": \"www.example.org\",\n  \"created\": \"2023-11-14T22:13:20Z\",\n  \"missing_since\": null,\n"
        "  \"retired_at\": null,\n  \"locked_at\": null,\n  \"lock_reason\": \"\"\n}\n");
  CHECK(print_json(std::span<const ledger::site>()) == "[]\n");
}

TEST_CASE("an age is printed in its largest sensible unit") {
  CHECK(print_age(std::chrono::seconds(5)) == "5 s");
  CHECK(print_age(std::chrono::minutes(5)) == "5 min");
  CHECK(print_age(std::chrono::hours(5)) == "5 h");
  CHECK(print_age(std::chrono::hours(24 * 5)) == "5 days");
}

TEST_CASE("the name of a refused container cannot send control characters to the terminal") {
  CHECK(print_plain("container x\x1b[2J: no\nsecond\n") == "container x\\x1b[2J: no\nsecond\n");
}
