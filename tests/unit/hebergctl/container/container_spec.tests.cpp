// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/container/container_spec.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace heberg::ctl;
using Catch::Contains;
using nlohmann::json;

namespace {

placed_site site_1() {
  return {.site = "site_1",
          .uid = 20000,
          .www = "/srv/sites/site_1/www",
          .wanted = {.hosts = {"www.example.org", "example.org"}, .environment = {"MODE=test"}}};
}

std::string inspected(const placed_site& site, bool runs) {
  const json made = json::parse(create_body(site));
  return json{{"Id", "abc"}, {"State", {{"Running", runs}}}, {"Config", {{"Labels", made["Labels"]}}}}.dump();
}

}  // namespace

TEST_CASE("other containers that mount a tree are found, whatever their names are") {
  const auto listed = R"([
    {"Id": "1", "Names": ["/a"], "Mounts": [{"Source": "/sites/a/www"}]},
    {"Id": "2", "Names": ["/cron"], "Mounts": [{"Source": "/etc"}, {"Source": "/sites/a"}]},
    {"Id": "3", "Names": [], "Mounts": [{"Source": "/sites/a/logs"}]},
    {"Id": "4", "Names": ["/b"], "Mounts": [{"Source": "/sites/ab/www"}]},
    {"Id": "5", "Names": ["/heberg-syncd"], "Mounts": [{"Source": "/sites"}]},
    {"Id": "6", "Names": ["/none"]},
    7, {"Mounts": [{"Source": 1}, "x"]}])";
  CHECK(find_users(listed, "/sites/a", "1") == std::vector<std::string>{"cron", "3"});
  CHECK(find_users(listed, "/sites/a", "") == std::vector<std::string>{"a", "cron", "3"});
  CHECK(find_users("[]", "/sites/a", "").empty());
  CHECK_THROWS(find_users("{}", "/sites/a", ""));
}

TEST_CASE("a site's container runs as the site, can gain no privilege, and writes to its own files alone") {
  const auto body = json::parse(create_body(site_1()));
  CHECK(body["User"] == "20000:20000");
  CHECK(body["Env"] == json({"MODE=test", "VIRTUAL_HOST=www.example.org,example.org"}));
  const auto& host = body["HostConfig"];
  CHECK(host["CapDrop"] == json({"ALL"}));
  CHECK_FALSE(host.contains("CapAdd"));
  CHECK_FALSE(host.contains("Privileged"));
  CHECK(host["SecurityOpt"] == json({"no-new-privileges"}));
  CHECK(host["ReadonlyRootfs"] == true);
  CHECK(host["Tmpfs"].size() == 3);
  CHECK(host["Memory"] == 512 << 20);
  CHECK(host["MemorySwap"] == host["Memory"]);
  CHECK(host["PidsLimit"] == 200);
  CHECK(host["NanoCpus"] == 1'000'000'000);
  CHECK(host["NetworkMode"] == "heberg-sites");
  CHECK(host["Mounts"].size() == 1);
  CHECK(host["Mounts"][0]["Source"] == "/srv/sites/site_1/www");
  CHECK(body["Labels"]["heberg.site"] == "site_1");
}

TEST_CASE("each variable of the proxy is a label, so that an image's own counts for nothing") {
  auto site = site_1();
  site.wanted.environment = {"MAX_BODY=1m", "NETWORK_ACCESS=internal", "MAX_BODY=2m"};
  const auto labels = json::parse(create_body(site))["Labels"];
  CHECK(labels["heberg.proxy.virtual_host"] == "www.example.org,example.org");
  CHECK(labels["heberg.proxy.max_body"] == "2m");
  CHECK(labels["heberg.proxy.network_access"] == "internal");
  for (const auto* name :
       {"external_http_port", "virtual_host_multiports", "redirect_www", "virtual_port", "maintenance"})
    CHECK(labels.at(std::string("heberg.proxy.") + name) == "");
}

TEST_CASE("an environment names no host that --host does not") {
  auto wanted = site_1().wanted;
  const auto explain = [&](const std::string& variable) {
    wanted.environment = {variable};
    return explain_specification(wanted);
  };
  CHECK(explain("VIRTUAL_HOST_MULTIPORTS={\"WWW.example.org\": {\"/\": {\"port\": 8080}}}").empty());
  CHECK_THAT(explain("VIRTUAL_HOST_MULTIPORTS={\"hidden.test\": null}"), Contains("hidden.test") && Contains("--host"));
  CHECK_THAT(explain("VIRTUAL_HOST_MULTIPORTS=hidden.test:"), Contains("--host hidden.test"));
  CHECK_THAT(explain("VIRTUAL_HOST_MULTIPORTS=[1"), Contains("VIRTUAL_HOST_MULTIPORTS"));
  CHECK(explain("VIRTUAL_HOST_MULTIPORTS=").empty());
}

TEST_CASE("a specification comes back from its text") {
  const auto wanted = site_1().wanted;
  CHECK(parse_specification(to_text(wanted)) == wanted);
  for (const char* text : {"", "[]", "{}", R"({"hosts":[1],"image":"x","memory":1,"environment":[]})",
                           R"({"hosts":[],"image":"x","memory":-1,"environment":[]})"}) {
    INFO(text);
    CHECK_FALSE(parse_specification(text));
  }
}

TEST_CASE(
    "the same again is nothing to do, a stopped one is started, a different one is replaced, one of another program is "
    "left unchanged") {
  const auto site = site_1();
  CHECK(plan(site, std::nullopt) == step::make);
  CHECK(plan(site, parse_present(inspected(site, true), "site_1")) == step::nothing);
  CHECK(plan(site, parse_present(inspected(site, false), "site_1")) == step::start);
  auto other = site;
  other.wanted.memory *= 2;
  CHECK(plan(other, parse_present(inspected(site, true), "site_1")) == step::replace);
  other = site;
  other.uid = 20001;
  CHECK(plan(other, parse_present(inspected(site, true), "site_1")) == step::replace);
  CHECK(plan(site, parse_present(inspected(site, true), "site_2")) == step::refuse);
  CHECK(plan(site, parse_present(R"({"Id":"abc","Config":{"Labels":{"heberg.site":"site_1"}}})", "site_1")) ==
        step::refuse);
  CHECK(plan(site, parse_present(R"({"Id":"abc","Config":{"Labels":null}})", "site_1")) == step::refuse);
  CHECK_FALSE(parse_present("no json", "site_1"));
}

TEST_CASE("the difference shows what changes, and nothing else") {
  const auto was = site_1().wanted;
  auto wanted = was;
  wanted.memory = 64 << 20;
  CHECK(print_difference(wanted, was) == "- memory: 536870912\n+ memory: 67108864\n");
  CHECK(print_difference(was, was).empty());
  CHECK_THAT(print_difference(was, std::nullopt), Contains("+ hosts: [\"www.example.org\",\"example.org\"]\n"));
}

TEST_CASE("an invalid specification is refused with a reason") {
  const auto explain = [](auto change) {
    auto wanted = site_1().wanted;
    change(wanted);
    return explain_specification(wanted);
  };
  CHECK(explain([](auto&) {}).empty());
  CHECK_THAT(explain([](auto& w) { w.hosts.clear(); }), Contains("no host name"));
  CHECK_THAT(explain([](auto& w) { w.hosts = {"a b"}; }), Contains("host a b"));
  CHECK_THAT(explain([](auto& w) { w.hosts = {"a.test,b.test"}; }), Contains("host a.test,b.test"));
  CHECK_THAT(explain([](auto& w) { w.hosts = {"~^a{1,2}$"}; }), Contains("has a comma"));
  CHECK_THAT(explain([](auto& w) { w.hosts.assign(257, "a.test"); }), Contains("more than 256"));
  CHECK_THAT(explain([](auto& w) { w.image = "x\ny"; }), Contains("image"));
  CHECK_THAT(explain([](auto& w) { w.memory = 1; }), Contains("16 MB"));
  CHECK_THAT(explain([](auto& w) { w.environment = {"VIRTUAL_HOST=evil.test"}; }), Contains("--host"));
  CHECK_THAT(explain([](auto& w) { w.environment = {"=x"}; }), Contains("NAME=VALUE"));
}

TEST_CASE("sizes are parsed as docker does, and anything else is refused") {
  CHECK(parse_size("512m") == 512ULL << 20U);
  CHECK(parse_size("2g") == 2ULL << 30U);
  CHECK(parse_size("1048576") == 1048576);
  for (const char* text : {"", "m", "-1m", "1t", "1.5g", "99999999999g", "1m "}) {
    INFO(text);
    CHECK_FALSE(parse_size(text));
  }
}
