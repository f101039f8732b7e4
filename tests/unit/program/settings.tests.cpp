// SPDX-License-Identifier: LGPL-2.1-or-later
// Long because each section of heberg.toml has its cases, and each error its text.
#include "program/settings.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <stdlib.h>

#include <algorithm>
#include <system_error>

using namespace heberg;
using namespace std::chrono_literals;
using heberg::test::temp_dir;
using heberg::test::write_file;

namespace {

std::string error_of(std::string_view text) {
  try {
    static_cast<void>(parse_settings(text, "heberg.toml"));
  } catch (const settings_error& error) {
    return error.what();
  }
  return "";
}

// Sets DOCKER_HOST, and puts back what was there.
class docker_host {
 public:
  explicit docker_host(const char* value) {
    if (const char* old = getenv("DOCKER_HOST")) old_ = old;
    if (value != nullptr) {
      setenv("DOCKER_HOST", value, 1);
    } else {
      unsetenv("DOCKER_HOST");
    }
  }
  docker_host(const docker_host&) = delete;
  docker_host& operator=(const docker_host&) = delete;
  ~docker_host() {
    if (old_.empty()) {
      unsetenv("DOCKER_HOST");
    } else {
      setenv("DOCKER_HOST", old_.c_str(), 1);
    }
  }

 private:
  std::string old_;
};

}  // namespace

TEST_CASE("an empty file is the defaults, and the engine names the sites root as we do") {
  const auto s = parse_settings("", "heberg.toml");
  CHECK(s.state_dir == "/var/lib/heberg");
  CHECK(s.docker.host == "unix:///var/run/docker.sock");
  CHECK(s.sites.root == "/sites");
  CHECK(s.sites.host_root == "/sites");
  CHECK(s.sites.images == std::vector<std::string>{"php:apache", "php:*-apache", "php:*-fpm"});
  CHECK(s.accounts.uid_min == 20000);
  CHECK(s.accounts.uid_max == 59999);
  CHECK(s.accounts.retire_after == 5s);
  CHECK(s.proxy.max_body == 67'108'864);
  CHECK(s.proxy.max_body_limit == 0);
  CHECK(s.proxy.client_requests == 500);
  CHECK(s.proxy.max_generations == 4);
  CHECK(s.proxy.map_from_hosts == 500);
  CHECK(s.proxy.hold_names_for == 72h);
  CHECK(s.warnings.empty());
}

TEST_CASE("a site's share of the disk is set in [sites]") {
  const auto standard = parse_settings("", "heberg.toml").sites;
  CHECK(standard.quota == 0);
  CHECK(standard.quota_files == 0);
  const auto set = parse_settings("[sites]\nquota = \"5GiB\"\nquota_files = 100000\n", "heberg.toml").sites;
  CHECK(set.quota == 5'368'709'120);
  CHECK(set.quota_files == 100'000);
  CHECK_THROWS_AS(parse_settings("[sites]\nquota = \"much\"\n", "heberg.toml"), settings_error);
  CHECK_THROWS_AS(parse_settings("[sites]\nquota_files = -1\n", "heberg.toml"), settings_error);
}

TEST_CASE("what becomes of the logs is set in [logs]") {
  const auto standard = parse_settings("", "heberg.toml").logs;
  CHECK(standard.enabled);
  CHECK(standard.max_size == 10'000'000);
  CHECK(standard.max_total == 500'000'000);
  CHECK(standard.keep == 14);
  CHECK(standard.compress == "gzip");
  CHECK(standard.also.empty());
  CHECK(standard.sftp_keep_for == std::chrono::hours(90 * 24));
  CHECK(standard.sftp_max_total == 100'000'000);
  CHECK(standard.min_free == 5);
  const auto set = parse_settings(R"(
[logs]
enabled = false
max_size = "1MB"
max_total = "2GB"
keep = 3
compress = "none"
sftp_keep_for = "720h"
sftp_max_total = "1GB"
min_free = 0
also = ["journald"]
)",
                                  "heberg.toml")
                       .logs;
  CHECK_FALSE(set.enabled);
  CHECK(set.max_size == 1'000'000);
  CHECK(set.max_total == 2'000'000'000);
  CHECK(set.keep == 3);
  CHECK(set.compress == "none");
  CHECK(set.sftp_keep_for == std::chrono::hours(720));
  CHECK(set.sftp_max_total == 1'000'000'000);
  CHECK(set.min_free == 0);
  CHECK(set.also == std::vector<std::string>{"journald"});
}

TEST_CASE("what an archive may hold is set in [archive]") {
  const auto standard = parse_settings("", "heberg.toml").archive;
  CHECK(standard.max_size == 68'719'476'736);
  CHECK(standard.max_entries == 2'000'000);
  const auto set = parse_settings("[archive]\nmax_size = \"1000GB\"\nmax_entries = 5000\n", "heberg.toml").archive;
  CHECK(set.max_size == 1'000'000'000'000);
  CHECK(set.max_entries == 5000);
  CHECK_THROWS_WITH(parse_settings("[archive]\nmax_entries = 1\n", "heberg.toml"), Catch::Contains("max_entries"));
}

TEST_CASE("a wrong word or size in [logs] is named with its line") {
  const std::pair<const char*, const char*> rows[] = {
      {"compress = \"rar\"", "heberg.toml:2: [logs] compress: invalid value \"rar\": use one of \"gzip\" \"none\""},
      {"also = \"journald\"",
       "heberg.toml:2: [logs] also: invalid value \"journald\": use a list of some of \"journald\", each once"},
      {"also = [\"syslog\"]",
       "heberg.toml:2: [logs] also: invalid value [...]: use a list of some of \"journald\", each once"},
      {"also = [\"journald\", \"journald\"]",
       "heberg.toml:2: [logs] also: invalid value [...]: use a list of some of \"journald\", each once"},
      {"min_free = 51", "heberg.toml:2: [logs] min_free: invalid value 51: use a number from 0 to 50"},
      {"max_size = \"999\"", "heberg.toml:2: [logs] max_size: invalid value \"999\": use at least 1000 bytes"},
  };
  for (const auto& [line, error] : rows) {
    INFO(line);
    CHECK(error_of("[logs]\n" + std::string(line)) == error);
  }
}

TEST_CASE("a port of the host has a protocol, and a range its lower end first") {
  for (const auto* bad : {"[\"25\"]", "[\"tcp/0\"]", "[\"tcp/65536\"]", "[\"tcp/20-10\"]", "[\"icmp/1\"]",
                          "[\"tcp/25; accept\"]", "[\"tcp/25-\"]", "[1]"}) {
    INFO(bad);
    CHECK(error_of("[network]\nhost_ports = " + std::string(bad)) ==
          "heberg.toml:2: [network] host_ports: invalid value [...]: use a list of the host's ports such as "
          "[\"tcp/25\", \"udp/5000-5010\"]");
  }
  const auto s =
      parse_settings("[network]\nguard = false\nhost_ports = [\"tcp/25\", \"udp/5000-5010\"]\n", "heberg.toml");
  CHECK_FALSE(s.network.guard);
  CHECK(s.network.host_ports == std::vector<std::string>{"tcp/25", "udp/5000-5010"});
}

TEST_CASE("who is trusted is an address or a network, and the PROXY protocol needs one") {
  const auto wanted = std::string("use a list of addresses and networks such as [\"192.0.2.1\", \"2001:db8::/32\"]");
  for (const auto* bad : {"\"192.0.2.1\"", "[\"192.0.2.1/33\"]", "[\"192.0.2\"]", "[\"::/129\"]", "[\"1.2.3.4/\"]",
                          "[\"1.2.3.4/-1\"]", "[\"1.2.3.4; deny all\"]", "[\"all\"]", "[1]"}) {
    INFO(bad);
    CHECK(error_of("[proxy]\ntrust = " + std::string(bad)) ==
          "heberg.toml:2: [proxy] trust: invalid value " + std::string(bad[0] == '[' ? "[...]" : bad) + ": " + wanted);
  }
  CHECK(error_of("[proxy]\nproxy_protocol = true") ==
        "heberg.toml:2: [proxy] proxy_protocol: needs proxy.trust: list the load balancers whose PROXY lines are "
        "believed");
}

TEST_CASE("every key is read") {
  const auto s = parse_settings(R"(
state_dir = "/srv/heberg/"
[docker]
host = "tcp://127.0.0.1:2375"
[sites]
root = "/data/sites"
host_root = "/srv/sites"
images = ["my/php:*"]
[accounts]
uid_min = 30000
uid_max = 30009
retire_after = "100ms"
shell = "/bin/false"
[passwords]
log_generated = false
[proxy]
output = "/run/heberg/http.conf"
reload = "container:heberg-nginx"
container = "edge_1"
http_port = 8080
https_port = 8443
certs = "/srv/certs"
vhost_d = "/srv/vhost.d"
htpasswd = "/srv/htpasswd"
conf_d = "/srv/conf.d"
errors = "/srv/errors"
max_body = "1GiB"
max_body_limit = "2GiB"
client_requests = 0
max_generations = 9
map_from_hosts = 2000
default_host = "www.example.org"
trust = ["192.0.2.7/24", "2001:DB8::1"]
proxy_protocol = true
http3 = false
ipv6 = false
nginx = "/usr/sbin/nginx -c /srv/nginx.conf"
access_log = "/srv/access.log"
hold_names_for = "1h"
external_ports = ["8081", "9000-9010"]
shared_hosts = ["www.example.org"]
host_owners = ["*.example.org site_1", "~^x[0-9]$  container:web"]
[backup]
repository = "sftp:backup@192.0.2.1:/srv/heberg"
password_file = "/srv/password"
keep_daily = 1
keep_weekly = 2
keep_monthly = 0
)",
                                "heberg.toml");
  CHECK(s.state_dir == "/srv/heberg");
  CHECK(s.docker.host == "tcp://127.0.0.1:2375");
  CHECK(s.sites.root == "/data/sites");
  CHECK(s.sites.host_root == "/srv/sites");
  CHECK(s.sites.images == std::vector<std::string>{"my/php:*"});
  CHECK(s.accounts.uid_min == 30000);
  CHECK(s.accounts.uid_max == 30009);
  CHECK(s.accounts.retire_after == 100ms);
  CHECK(s.accounts.shell == "/bin/false");
  CHECK_FALSE(s.passwords.log_generated);
  CHECK(s.proxy.output == "/run/heberg/http.conf");
  CHECK(s.proxy.reload == "container:heberg-nginx");
  CHECK(s.proxy.container == "edge_1");
  CHECK(s.proxy.http_port == 8080);
  CHECK(s.proxy.https_port == 8443);
  CHECK(s.proxy.certs == "/srv/certs");
  CHECK(s.proxy.vhost_d == "/srv/vhost.d");
  CHECK(s.proxy.htpasswd == "/srv/htpasswd");
  CHECK(s.proxy.conf_d == "/srv/conf.d");
  CHECK(s.proxy.errors == "/srv/errors");
  CHECK(s.proxy.max_body == 1024 * 1024 * 1024);
  CHECK(s.proxy.max_body_limit == 2ULL * 1024 * 1024 * 1024);
  CHECK(s.proxy.client_requests == 0);
  CHECK(s.proxy.max_generations == 9);
  CHECK(s.proxy.map_from_hosts == 2000);
  CHECK(s.proxy.trust == std::vector<std::string>{"192.0.2.0/24", "2001:db8::1"});
  CHECK(s.proxy.proxy_protocol);
  CHECK(s.proxy.default_host == "www.example.org");
  CHECK_FALSE(s.proxy.http3);
  CHECK_FALSE(s.proxy.ipv6);
  CHECK(s.proxy.nginx == "/usr/sbin/nginx -c /srv/nginx.conf");
  CHECK(s.proxy.access_log == "/srv/access.log");
  CHECK(s.proxy.hold_names_for == 1h);
  CHECK(s.proxy.external_ports == std::vector<std::string>{"8081", "9000-9010"});
  CHECK(s.proxy.shared_hosts == std::vector<std::string>{"www.example.org"});
  CHECK(s.proxy.host_owners == std::vector<std::string>{"*.example.org site_1", "~^x[0-9]$  container:web"});
  CHECK(s.warnings.empty());
  CHECK(s.backup.repository == "sftp:backup@192.0.2.1:/srv/heberg");
  CHECK(s.backup.password_file == "/srv/password");
  CHECK(s.backup.keep_daily == 1);
  CHECK(s.backup.keep_weekly == 2);
  CHECK(s.backup.keep_monthly == 0);
}

TEST_CASE("lists of names and ports take what they can use, and nothing else") {
  const auto parse = [](const std::string& line) { return parse_settings(line, "heberg.toml"); };
  CHECK(parse("[sites]\nnamed_by_label = [\"shop\"]").sites.named_by_label == std::vector<std::string>{"shop"});
  for (const auto* line :
       {"[sites]\nnamed_by_label = [\"Shop\"]", "[sites]\nnamed_by_label = [\"root\"]",
        "[sites]\nnamed_by_label = \"a\"", "[proxy]\nexternal_ports = [8081]", "[proxy]\nexternal_ports = [\"0\"]",
        "[proxy]\nexternal_ports = [\"65536\"]", "[proxy]\nexternal_ports = [\"9010-9000\"]",
        "[proxy]\nexternal_ports = [\"80-\"]", "[proxy]\nexternal_ports = [\"80 \"]",
        "[proxy]\nexternal_ports = [\"*\"]", "[proxy]\nshared_hosts = [\"a b\"]", "[proxy]\nshared_hosts = [\"\"]",
        "[proxy]\nhost_owners = [\"a.test\"]", "[proxy]\nhost_owners = [\"a.test b c\"]",
        "[proxy]\nhost_owners = [\" b\"]", "[proxy]\nhost_owners = [\"a.test \"]"}) {
    INFO(line);
    CHECK_THROWS_WITH(parse(line), Catch::StartsWith("heberg.toml:2: ["));
  }
}

TEST_CASE("a sites root other than the default is the engine's too, where nothing else is said") {
  CHECK(parse_settings("[sites]\nroot = \"/data\"", "heberg.toml").sites.host_root == "/data");
}

TEST_CASE("an error names file, line, key and value, and says what to write") {
  const struct {
    std::string_view text, error;
  } rows[] = {
      {"\nstate = \"/x\"", "heberg.toml:2: state: unknown key: see heberg.toml(5)"},
      {"[proxy]\n\nport = 80", "heberg.toml:3: [proxy] port: unknown key: see heberg.toml(5)"},
      {"[prxy]\nhttp_port = 80", "heberg.toml:1: prxy: unknown key: see heberg.toml(5)"},
      {"proxy = 80", "heberg.toml:1: [proxy] is a section, not a value: write [proxy]"},
      {"state_dir = 5", "heberg.toml:1: state_dir: invalid value 5: use an absolute path without \"..\""},
      {"state_dir = \"var\"", "heberg.toml:1: state_dir: invalid value \"var\": use an absolute path without \"..\""},
      {"[sites]\nroot = \"/sites/../etc\"",
       "heberg.toml:2: [sites] root: invalid value \"/sites/../etc\": use an absolute path without \"..\""},
      {"[sites]\nroot = \"/\"",
       "heberg.toml:2: [sites] root: invalid value \"/\": use an absolute path other than /, without \":\""},
      {"[sites]\nroot = \"/a:b\"",
       "heberg.toml:2: [sites] root: invalid value \"/a:b\": use an absolute path other than /, without \":\""},
      {"[sites]\nimages = \"php\"",
       "heberg.toml:2: [sites] images: invalid value \"php\": use a list of image names such as [\"php:apache\"]"},
      {"[sites]\nimages = [5]",
       "heberg.toml:2: [sites] images: invalid value [...]: use a list of image names such as [\"php:apache\"]"},
      {"[sites]\nimages = [\"\"]",
       "heberg.toml:2: [sites] images: invalid value [...]: use a list of image names such as [\"php:apache\"]"},
      {"[accounts]\nuid_min = \"1\"",
       "heberg.toml:2: [accounts] uid_min: invalid value \"1\": use a number from 1000 to 2147483647"},
      {"[accounts]\nuid_min = 999",
       "heberg.toml:2: [accounts] uid_min: invalid value 999: use a number from 1000 to 2147483647"},
      {"[accounts]\nuid_max = 4294967295",
       "heberg.toml:2: [accounts] uid_max: invalid value 4294967295: use a number from 1000 to 2147483647"},
      {"[accounts]\nretire_after = 5",
       "heberg.toml:2: [accounts] retire_after: invalid value 5: use a duration such as \"100ms\", \"5s\" or \"2m\""},
      {"[accounts]\nretire_after = \"2d\"",
       "heberg.toml:2: [accounts] retire_after: invalid value \"2d\": use a duration from 0ms to 86400000ms"},
      {"[passwords]\nlog_generated = \"yes\"",
       "heberg.toml:2: [passwords] log_generated: invalid value \"yes\": use true or false"},
      {"[proxy]\nreload = \"nginx -s reload\"",
       "heberg.toml:2: [proxy] reload: invalid value \"nginx -s reload\": use \"pid:FILE\", \"container:NAME\" or "
       "\"command:COMMAND\""},
      {"[proxy]\ncontainer = \"a b\"",
       "heberg.toml:2: [proxy] container: invalid value \"a b\": use the name of a container"},
      {"[proxy]\nhttp_port = 0", "heberg.toml:2: [proxy] http_port: invalid value 0: use a number from 1 to 65535"},
      {"[proxy]\nnginx = \" \"",
       "heberg.toml:2: [proxy] nginx: invalid value \" \": use a program and its arguments, such as \"nginx\""},
      {"[proxy]\nmap_from_hosts = -1",
       "heberg.toml:2: [proxy] map_from_hosts: invalid value -1: use a number from 0 to 1000000"},
      {"[proxy]\nmax_generations = 1",
       "heberg.toml:2: [proxy] max_generations: invalid value 1: use a number from 2 to 100"},
      {"[proxy]\nmax_body = \"many\"",
       "heberg.toml:2: [proxy] max_body: invalid value \"many\": use a size such as \"10MB\", \"64m\" or \"1GiB\""},
      {"[docker]\nhost = \"ssh://x\"",
       "heberg.toml:2: [docker] host: invalid value \"ssh://x\": use \"unix:///PATH\" or \"tcp://HOST:PORT\""},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(error_of(row.text) == row.error);
  }
}

TEST_CASE("the range of UIDs holds one at least, and never nobody's") {
  CHECK(error_of("[accounts]\nuid_max = 10000") ==
        "heberg.toml:2: [accounts] uid_max: the UID range 20000 to 10000 is empty: set uid_min below uid_max");
  CHECK(error_of("[accounts]\nuid_min = 60000\nuid_max = 70000") ==
        "heberg.toml:2: [accounts] uid_min: the UID range 60000 to 70000 contains 65534, the UID of nobody: end below "
        "it or start above");
  CHECK(error_of("[accounts]\nuid_min = 65535\nuid_max = 65535") == "");
}

TEST_CASE("a renamed key is accepted under its old name, with a warning that names the new one") {
  const auto s = parse_settings("[proxy]\nmany_hosts = 7\nkeep_names = \"2h\"\n", "heberg.toml");
  CHECK(s.proxy.map_from_hosts == 7);
  CHECK(s.proxy.hold_names_for == 2h);
  auto warnings = s.warnings;
  std::sort(warnings.begin(), warnings.end());
  CHECK(warnings ==
        std::vector<std::string>{"heberg.toml:2: [proxy] many_hosts: the key has a new name: use map_from_hosts",
                                 "heberg.toml:3: [proxy] keep_names: the key has a new name: use hold_names_for"});
}

TEST_CASE("a renamed key is refused beside its new name, and in another section") {
  CHECK(error_of("[proxy]\nmap_from_hosts = 7\nmany_hosts = 7\n") ==
        "heberg.toml:3: [proxy] many_hosts: is the old name of map_from_hosts, which is set too: remove many_hosts");
  CHECK(error_of("[sites]\nmany_hosts = 7\n") == "heberg.toml:2: [sites] many_hosts: unknown key: see heberg.toml(5)");
  CHECK(error_of("[proxy]\nmany_hosts = -1\n") ==
        "heberg.toml:2: [proxy] many_hosts: invalid value -1: use a number from 0 to 1000000");
}

TEST_CASE("text that is not TOML is refused with its line") {
  CHECK_THAT(error_of("\n[proxy\n"), Catch::StartsWith("heberg.toml:2: "));
  CHECK_THAT(error_of("state_dir = \"/a\"\nstate_dir = \"/b\""), Catch::StartsWith("heberg.toml:2: "));
  CHECK_THAT(error_of(std::string(100'000, '[')), Catch::StartsWith("heberg.toml:1: "));
}

TEST_CASE("letters beyond ASCII stand in comments, and nowhere else") {
  const auto s = parse_settings(
      "# \xc3\xa9 \"\n[sites]\nroot = \"/srv/#\\u00e9\\\\\" # \xc3\xa9\nimages = ['a\\', \"b\\\"#\"]", "heberg.toml");
  CHECK(s.sites.root == "/srv/#\xc3\xa9\\");
  CHECK(s.sites.images == std::vector<std::string>{"a\\", "b\"#"});
  CHECK(parse_settings("\xef\xbb\xbfstate_dir = \"/x\"", "heberg.toml").state_dir == "/x");
  const std::string stray = ": a character beyond ASCII: write it as \"\\u00e9\", in quotes";
  CHECK(error_of("\n[sit\xc3\xa9s]") == "heberg.toml:2" + stray);
  CHECK(error_of("state_dir = \"/a\"\xc3\xa9") == "heberg.toml:1" + stray);
  CHECK(error_of("state_dir = \"/#\xc3\xa9\"") == "heberg.toml:1" + stray);
  CHECK(error_of("state_dir = '#\xc3\xa9'") == "heberg.toml:1" + stray);
  CHECK(error_of("state_dir = \"/a\\\"\n\xc3\xa9") == "heberg.toml:2" + stray);
  CHECK(error_of("state_dir = \"\"\"\n/a\"\"\"") == "heberg.toml:1: a multi-line string: use a string in one line");
  CHECK(error_of("state_dir = '''/a'''") == "heberg.toml:1: a multi-line string: use a string in one line");
}

TEST_CASE("a file that is missing is the defaults, unless it was asked for") {
  const temp_dir folder;
  const docker_host none(nullptr);
  const auto path = (folder / "heberg.toml").string();
  CHECK(load_settings(path, false).sites.root == "/sites");
  CHECK_THROWS_AS(load_settings(path, true), std::system_error);
  CHECK_THROWS_WITH(load_settings(path, true), Catch::Contains(path));
}

TEST_CASE("a file that cannot be read is an error, named on the command line or not") {
  const temp_dir folder;
  CHECK_THROWS_AS(load_settings(folder.path().string(), false), std::system_error);  // a folder
}

TEST_CASE("a file of more than 1 MB is refused") {
  const temp_dir folder;
  const auto path = folder / "heberg.toml";
  write_file(path, std::string(1'100'000, '\n'));
  CHECK_THROWS_AS(load_settings(path.string(), true), settings_error);
}

TEST_CASE("DOCKER_HOST wins over the file, and is judged as the file is") {
  const temp_dir folder;
  const auto path = folder / "heberg.toml";
  write_file(path, "[docker]\nhost = \"unix:///a.sock\"");
  SECTION("unset") {
    const docker_host unset(nullptr);
    CHECK(load_settings(path.string(), true).docker.host == "unix:///a.sock");
  }
  SECTION("empty") {
    const docker_host empty("");
    CHECK(load_settings(path.string(), true).docker.host == "unix:///a.sock");
  }
  SECTION("set") {
    const docker_host set("unix:///b.sock");
    CHECK(load_settings(path.string(), true).docker.host == "unix:///b.sock");
  }
  SECTION("of another kind") {
    const docker_host set("ssh://host");
    CHECK_THROWS_WITH(load_settings(path.string(), true), Catch::StartsWith("DOCKER_HOST: "));
  }
}
