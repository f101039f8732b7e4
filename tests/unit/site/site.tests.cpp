// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/site.h"

#include <catch2/catch.hpp>

using namespace heberg::site;
using Catch::Contains;
using heberg::docker::container;

namespace {

const site_settings k_settings{.root = "/sites", .images = {"php:apache", "php:*-apache", "php:*-fpm"}};

container make_container(const std::string& source = "/sites/site_1/www") {
  container c;
  c.id = std::string(64, 'a');
  c.name = "web-1";
  c.image = "php:apache";
  c.environment = {{"VIRTUAL_HOST", "www.example.org"}};
  if (!source.empty()) c.mounts = {{.type = "bind", .name = {}, .source = source, .destination = "/var/www/html"}};
  return c;
}

void mount(container& c, const std::string& source) {
  c.mounts.push_back({.type = "bind", .name = {}, .source = source, .destination = "/mnt"});
}

std::string name_of(const classification& found) {
  if (const auto* one = std::get_if<site_container>(&found)) return one->site;
  const auto* rejected = std::get_if<rejected_container>(&found);
  return rejected != nullptr ? "refused: " + rejected->reason : "no site";
}

std::string classified(const container& c) {
  return name_of(classify(c, k_settings));
}

}  // namespace

TEST_CASE("a container with a matching image, a host and a mount below the root is a site's") {
  auto c = make_container();
  c.state = heberg::docker::container_state::running;
  c.created = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(42));
  const auto found = std::get<site_container>(classify(c, k_settings));
  CHECK(found.site == "site_1");
  CHECK(found.container == "web-1");
  CHECK(found.container_id == c.id);
  CHECK(found.gecos == "www.example.org");
  CHECK(found.created == c.created);
  CHECK(found.up);
}

TEST_CASE("sites that share a network are found, and so is one on everybody's, heberg-sites is none of them") {
  const auto on = [](const std::string& site, std::vector<std::string> networks) {
    auto c = make_container("/sites/" + site + "/www");
    c.id = std::string(64, site[0]);
    for (const auto& name : networks) {
      if (name == "host")
        c.host_network = true;
      else if (name == "a's")
        c.network_of = std::string(64, 'a');
      else
        c.networks.push_back({.name = name, .id = {}, .ipv4 = {}, .ipv6 = {}});
    }
    return std::get<site_container>(classify(c, k_settings));
  };
  const std::vector<site_container> all = {on("a", {"heberg-sites"}), on("b", {"heberg-sites", "own"}),
                                           on("b", {"own"}),          on("c", {"bridge"}),
                                           on("d", {"host"}),         on("e", {"shop"}),
                                           on("g", {"a's"}),          on("f", {"shop", "heberg-sites"})};
  std::vector<const site_container*> pointers;
  for (const auto& one : all) pointers.push_back(&one);
  CHECK(find_shared_networks(pointers) == std::map<std::string, std::string>{{"a", "container:aaaaaaaaaaaa"},
                                                                             {"c", "bridge"},
                                                                             {"d", "host"},
                                                                             {"e", "shop"},
                                                                             {"f", "shop"},
                                                                             {"g", "container:aaaaaaaaaaaa"}});
  CHECK_THAT(explain_shared_network("bridge"), Contains("default network") && Contains("--network heberg-sites"));
  CHECK_THAT(explain_shared_network("shop"), Contains("\"shop\"") && Contains("another site"));
}

TEST_CASE("what a site's owner can replace by a link is no mount for any container, a site's or not") {
  const auto source = GENERATE("/sites/a/www/public", "/sites//a/www/./public/", "/sites/a/logs/x", "/sites/a/dev/log");
  auto c = make_container(source);
  CHECK_THAT(classified(c), Contains("refused: its mount") && Contains("mount /sites/a/www"));
  c.image = "busybox";
  CHECK_THAT(classified(c), Contains("refused: its mount"));
  c.environment.clear();
  c.inspected = false;
  CHECK_THAT(classified(c), Contains("refused: its mount"));
  auto beside = make_container("/sites/a/www");
  mount(beside, source);
  CHECK_THAT(classified(beside), Contains("refused: its mount"));
}

TEST_CASE(
    "the folders of keys, passwords, logs and sockets are no mounts, another child of the tree, and it itself, are") {
  for (const auto* closed : {".ssh", ".heberg", "logs", "dev"})
    CHECK_THAT(classified(make_container(std::string("/sites/a/") + closed)), Contains("is not for containers"));
  CHECK(classified(make_container("/sites/a")) == "a");
  CHECK(classified(make_container("/sites/a/data")) == "a");
}

TEST_CASE("what an image says names no site and no host") {
  auto c = make_container();
  auto image = std::make_shared<heberg::docker::image_config>();
  image->labels = {{"heberg.site", "va"}};
  image->environment = {{"VIRTUAL_HOST", "www.example.org"}};
  c.image_gives = image;
  c.labels["heberg.site"] = "va";
  CHECK_THAT(classified(c), Contains("its image sets VIRTUAL_HOST"));
  c.environment = {{"VIRTUAL_HOST", "other.example.org"}};
  CHECK(classified(c) == "site_1");
  c.mounts.clear();
  auto settings = k_settings;
  settings.named_by_label = {"va"};
  CHECK_THAT(name_of(classify(c, settings)), Contains("mounts no site's tree"));
  c.image_gives.reset();
  CHECK(name_of(classify(c, settings)) == "va");
}

TEST_CASE("the site is the first path component below the root, matched exactly") {
  const auto [source, expected] = GENERATE(table<std::string, std::string>({
      {"/sites/site_1", "site_1"},
      {"/sites/site_1/www", "site_1"},
      {"/sites//site_1/./www/", "site_1"},
      {"/sites/site_1/www2", "site_1"},
      {"/sites2/site_1/www", "no site"},
      {"/site", "no site"},
      {"/srv/sites/site_1", "no site"},
      {"/var/lib/docker/volumes/x/_data", "no site"},
      {"sites/site_1", "no site"},
      {"", "no site"},
  }));
  INFO(source);
  CHECK(classified(make_container(source)) == expected);
}

TEST_CASE("a root with several components is matched as a whole, with or without a slash at its end") {
  const auto root = GENERATE("/srv/web/sites", "/srv/web/sites/");
  const site_settings settings{.root = root, .images = {"php:apache"}};
  CHECK(name_of(classify(make_container("/srv/web/sites/a/www"), settings)) == "a");
  CHECK(name_of(classify(make_container("/srv/web/sitesb/a"), settings)) == "no site");
  CHECK_THAT(name_of(classify(make_container("/srv/web"), settings)), Contains("all sites"));
}

TEST_CASE("a mount that holds the trees of all sites is refused") {
  const auto source = GENERATE("/sites", "/sites/", "/", "//");
  CHECK_THAT(classified(make_container(source)), Contains("refused") && Contains("all sites"));
}

TEST_CASE("a mount with a dot-dot component is refused wherever it leads") {
  const auto source = GENERATE("/sites/../etc", "/sites/a/../b", "/var/../sites/a", "/sites/..");
  CHECK_THAT(classified(make_container(source)), Contains("refused") && Contains("\"..\""));
}

TEST_CASE("mounts of two sites in one container are refused, two of one site are not") {
  auto c = make_container("/sites/a/www");
  mount(c, "/sites/a/data");
  mount(c, "/var/run/thing");
  CHECK(classified(c) == "a");
  mount(c, "/sites/b/www");
  CHECK_THAT(classified(c), Contains("two sites, \"a\" and \"b\""));
}

TEST_CASE("the label makes any image a site's") {
  auto c = make_container();
  c.image = "nginx:alpine";
  CHECK(classified(c) == "no site");
  c.labels["heberg.site"] = "";
  CHECK(classified(c) == "site_1");
  c.labels["heberg.site"] = "site_1";
  CHECK(classified(c) == "site_1");
}

TEST_CASE("the label alone names a site that the settings list, no other, and must not contradict a mount") {
  auto c = make_container("/var/lib/docker/volumes/x/_data");
  c.labels["heberg.site"] = "shop";
  CHECK_THAT(classified(c), Contains("its label names the site \"shop\", but it mounts no site's tree below /sites: "
                                     "mount /sites/shop/www"));
  auto settings = k_settings;
  settings.named_by_label = {"shop"};
  CHECK(name_of(classify(c, settings)) == "shop");
  settings.named_by_label = {"sho", "shop2"};
  CHECK_THAT(name_of(classify(c, settings)), Contains("refused"));
  mount(c, "/sites/other/www");
  CHECK_THAT(classified(c),
             Contains("label heberg.site names the site \"shop\", but its mount belongs to the site \"other\""));
}

TEST_CASE("what the label promises and the container lacks is said") {
  auto c = make_container("");
  c.labels["heberg.site"] = "";
  CHECK_THAT(classified(c), Contains("it has the label heberg.site, but it mounts no site's tree below /sites"));
  c.environment.clear();
  CHECK_THAT(classified(c), Contains("VIRTUAL_HOST names no host"));
}

TEST_CASE("a container that could not be inspected is a site's by its mount alone, and says so") {
  auto c = make_container();
  c.inspected = false;
  c.environment.clear();
  c.image = "sha256:0123";
  const auto found = std::get<site_container>(classify(c, k_settings));
  CHECK(found.site == "site_1");
  CHECK_FALSE(found.inspected);
  CHECK(found.gecos.empty());
  c.mounts.clear();
  CHECK(classified(c) == "no site");
}

TEST_CASE("a container without a host is no site's") {
  auto c = make_container();
  const auto value = GENERATE("", " ", ",", " , ,\t");
  c.environment = {{"VIRTUAL_HOST", value}};
  CHECK(classified(c) == "no site");
  c.environment = {{"VIRTUAL_HOSTS", "a"}, {"virtual_host", "b"}};
  CHECK(classified(c) == "no site");
}

TEST_CASE("a name that no site can have is refused, with the rule that it breaks") {
  const std::string alphabet = "use 1 to 32 of a-z 0-9 _ . -, starting with a letter or _";
  const auto [name, rule] = GENERATE_REF(table<std::string, std::string>({
      {"root", "system user or group"},
      {"www-data", "system user or group"},
      {"Site", alphabet},
      {"1site", alphabet},
      {"-rf", alphabet},
      {".hidden", alphabet},
      {"a..b", "\"..\" is not allowed"},
      {"a b", alphabet},
      {"a\nb", alphabet},
      {"a:0:0", alphabet},
      {"a\x01", alphabet},
      {"caf\xc3\xa9", alphabet},
      {std::string(33, 'a'), alphabet},
      {std::string(300, 'a'), alphabet},
  }));
  INFO(name);
  CHECK_THAT(classified(make_container("/sites/" + name + "/www")), Contains("refused") && Contains(rule));
  auto labelled = make_container("");
  labelled.labels["heberg.site"] = name;
  CHECK_THAT(classified(labelled), Contains("refused"));
}

TEST_CASE("an invalid site name is quoted, with what to use instead") {
  CHECK(explain_site_name("site_1").empty());
  CHECK(explain_site_name("Bad_Name") ==
        "invalid site name \"Bad_Name\": use 1 to 32 of a-z 0-9 _ . -, starting with a letter or _");
  CHECK(explain_site_name("").starts_with("invalid site name \"\": use 1 to 32"));
}

TEST_CASE("a message never carries more than 64 bytes of a hostile text") {
  CHECK(heberg::site::quoted("ab") == "\"ab\"");
  CHECK(heberg::site::quoted(std::string(100'000, 'x')) == "\"" + std::string(64, 'x') + "\"…");
}

TEST_CASE("images match as the engine understands references") {
  const auto [image, glob, expected] = GENERATE(table<std::string, std::string, bool>({
      {"php:apache", "php:apache", true},
      {"php:8.2-apache", "php:*-apache", true},
      {"php:8.2-fpm-alpine", "php:*-fpm", false},
      {"php:-apache", "php:*-apache", true},
      {"php:apache2", "php:apache", false},
      {"xphp:apache", "php:apache", false},
      {"php", "php:apache", false},
      {"php", "php:latest", true},
      {"php", "php", true},
      {"php:8", "php", false},
      {"docker.io/library/php:apache", "php:apache", true},
      {"library/php:apache", "php:apache", true},
      {"php:apache@sha256:0123", "php:apache", true},
      {"php:apache", "docker.io/library/php:apache", true},
      {"evil/php:apache", "php:apache", false},
      {"registry.test:5000/php:apache", "php:apache", false},
      {"registry.test:5000/php:apache", "registry.test:5000/php:*", true},
      {"registry.test:5000/php", "registry.test:5000/php", true},
      {"php:5000/x-apache", "php:*-apache", false},
      {"php:8-apache", "php*", true},
      {"a/b", "*", false},
      {"b:1", "*", true},
      {"php:aXbXc", "php:*X*", true},
      {"", "php:apache", false},
  }));
  INFO(image << " against " << glob);
  CHECK(image_matches(image, glob) == expected);
}

TEST_CASE("a glob of many stars against a long image ends at once") {
  std::string glob = "php:";
  for (int i = 0; i < 100; ++i) glob += "*a";
  CHECK_FALSE(image_matches("php:" + std::string(10'000, 'a') + "b", glob + "c"));
}

TEST_CASE("gecos is the first host, safe for passwd(5)") {
  const auto [hosts, expected] = GENERATE(table<std::string, std::string>({
      {"www.example.org", "www.example.org"},
      {" a.test , b.test", "a.test"},
      {",,b.test", "b.test"},
      {"~^www\\..*$", "~^www\\..*$"},
      {"a:0:0:root", "a?0?0?root"},
      {"a\nroot:x", "a?root?x"},
      {"caf\xc3\xa9", "caf??"},
      {"a&b", "a?b"},
      {"", ""},
  }));
  INFO(hosts);
  CHECK(gecos_of(hosts) == expected);
  CHECK(gecos_of(std::string(1000, 'a')).size() == 253);
}
