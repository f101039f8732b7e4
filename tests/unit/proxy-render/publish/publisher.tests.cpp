// SPDX-License-Identifier: LGPL-2.1-or-later
// The publisher with an nginx and a reload that are scripted: what is in place after each step fails.
// Long because one script of nginx and reload serves every step that can fail.
#include "proxy-render/publish/publisher.h"

#include "base/unique_fd.h"
#include "proxy-render/plan/changed_files.h"
#include "proxy-render/plan/planner.h"
#include "proxy-render/render/generation.h"
#include "proxy-render/render/render_cache.h"
#include "support/temp_dir.h"
#include "unit/proxy-render/compact.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

namespace {

using namespace heberg;
using namespace heberg::proxy;

std::shared_ptr<const plan> plan_of(std::initializer_list<const char*> hosts) {
  std::string text;
  for (const auto* host : hosts)
    text += "container " + std::string(host) + "\n env VIRTUAL_HOST=" + host + "\n network bridge 172.17.0.2\n";
  return std::make_shared<const plan>(make_plan(test::parse_containers(text), {}));
}

struct world {
  test::temp_dir folder;
  std::string bad;  // a text that holds this is refused
  enum config_test_result::kind otherwise = config_test_result::kind::accepted;
  reload_result told{reload_status::requested, {}};
  int asked = 0;
  int reloads = 0;
  std::string candidate_text;

  publisher_tools tools() {
    return {.test_config = [this](std::string candidate, test_scope) -> boost::asio::awaitable<config_test_result> {
              ++asked;
              candidate_text = test::read_file(candidate);
              const bool refused = !bad.empty() && candidate_text.find(bad) != std::string::npos;
              co_return config_test_result{refused ? config_test_result::kind::refused : otherwise, "message"};
            },
            .reload = [this]() -> boost::asio::awaitable<reload_result> {
              ++reloads;
              co_return told;
            }};
  }

  [[nodiscard]] std::filesystem::path output() const { return folder / "heberg.conf"; }
  [[nodiscard]] std::string live() const { return test::read_file(output()); }
};

publish_status publish(publisher& publisher, std::shared_ptr<const plan> plan, bool force = false,
                       std::function<bool()> has_news = {}) {
  boost::asio::io_context io;
  auto result = publish_status::failed;
  boost::asio::co_spawn(io, publisher.publish(std::move(plan), force, std::move(has_news)),
                        [&result](std::exception_ptr error, publish_status what) {
                          if (error) std::rethrow_exception(error);
                          result = what;
                        });
  io.run();
  return result;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::shared_ptr<const plan> plan_from(const std::string& text, const plan_options& with = {}) {
  auto options = with;
  options.external_ports = {{1024, 65535}};
  return std::make_shared<const plan>(make_plan(test::parse_containers(text), options));
}

// On a port of its own, and of the site of its name.
std::string on_port(const std::string& name, int port, const std::string& word = "EXTERNAL_HTTP_PORT") {
  return "container " + name + "\n env VIRTUAL_HOST=" + name + ".test\n env " + word + "=" + std::to_string(port) +
         "\n network bridge 172.17.0.2\n";
}

// An nginx that tells which text it serves: none with a port that is taken.
struct confirming_world : world {
  std::string taken;  // "listen 2222"
  std::string served;
  confirmation found = confirmation::served;
  bool waited_for_news = false;
  std::chrono::steady_clock::time_point now{};

  publisher_tools tools() {
    auto all = world::tools();
    all.reload = [this]() -> boost::asio::awaitable<reload_result> {
      if (taken.empty() || !has(live(), taken)) served = live();
      co_return told;
    };
    all.confirm = [this](std::string generation,
                         const std::function<bool()>& has_news) -> boost::asio::awaitable<confirmation> {
      waited_for_news = has_news && has_news();
      if (generation == generation_of(served)) co_return found;
      co_return waited_for_news ? confirmation::outdated : confirmation::stale;
    };
    all.now = [this] { return now; };
    return all;
  }
};

publish_status publish_all(confirming_world& w) {
  publisher p(w.output(), {.has_generation = true}, w.tools());
  return publish(p, plan_of({"a.test"}));
}

// The files that a text has nginx open: those are between a word and "\";".
std::vector<std::string> files_of(const std::string& text) {
  std::vector<std::string> files;
  for (const std::string word : {"include \"", "ssl_certificate \"", "ssl_certificate_key \""}) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
      at += word.size();
      files.push_back(text.substr(at, text.find('"', at) - at));
    }
  }
  return files;
}

// An nginx that refuses a text with a file that is not there, as it does.
struct opening_world : world {
  test::temp_dir vhost_d;
  test::temp_dir certs;
  plan_options with;
  std::string hosts;

  publisher_tools tools() {
    auto all = world::tools();
    all.test_config = [this](std::string candidate, test_scope) -> boost::asio::awaitable<config_test_result> {
      ++asked;
      for (const auto& file : files_of(test::read_file(candidate))) {
        if (!std::filesystem::exists(file))
          co_return config_test_result{config_test_result::kind::refused,
                                       "open() \"" + file + "\" failed (2: No such file or directory)"};
      }
      co_return config_test_result{config_test_result::kind::accepted, {}};
    };
    all.find_changed_file = [this](const plan& plan) { return find_changed_file(plan, certs.path().string()); };
    return all;
  }
  [[nodiscard]] render_options options() const {
    render_options made;
    made.certs = certs.path().string();
    return made;
  }
  [[nodiscard]] std::shared_ptr<const plan> list() {
    with.vhost_d = list_host_files(vhost_d.path().string());
    with.certificates = list_certificates(certs.path().string());
    return plan_from(hosts, with);
  }
};

const render_options k_with_generation{.has_generation = true};

// What is said in the log meanwhile.
std::string log_of(const std::function<void()>& what) {
  const test::temp_dir folder;
  const unique_fd before(::dup(STDERR_FILENO));
  const unique_fd file(::open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::dup2(file.get(), STDERR_FILENO) == STDERR_FILENO);
  what();
  ::dup2(before.get(), STDERR_FILENO);
  return test::read_file(folder / "log");
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t times = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++times;
  return times;
}

}  // namespace

TEST_CASE("a host that cannot be rendered is closed, and affects no other") {
  world w;
  publisher p(w.output(), {}, w.tools());
  auto hosts = plan_of({"a.test", "b.test"})->vhosts.shared();
  auto bad = *hosts[0];
  bad.certificate = "a\nb";
  hosts[0] = std::make_shared<const vhost>(std::move(bad));
  const auto with_bad =
      std::make_shared<const plan>(plan{.vhosts = vhost_list(hosts), .refused = {}, .unreachable = {}});
  const auto said = log_of([&] {
    CHECK(publish(p, with_bad) == publish_status::published);
    CHECK(publish(p, with_bad) == publish_status::unchanged);
  });
  CHECK(has(w.live(), "heberg-b.test"));
  CHECK(has(w.live(), "server_name \"a.test\""));
  CHECK_FALSE(has(w.live(), "heberg-a.test"));
  CHECK(count(said, "a.test: a value for nginx holds a control character") == 1);
}

TEST_CASE("hundreds of hosts that nginx refuses are found in several searches, and then the others are served") {
  world w;
  w.bad = "heberg-bad";
  publisher p(w.output(), {}, w.tools());
  std::string text;
  for (int i = 0; i < 120; ++i) {
    for (const std::string name : {"bad", "good"})
      text += "container " + name + std::to_string(i) + "\n env VIRTUAL_HOST=" + name + std::to_string(i) +
              ".test\n env VIRTUAL_PATH=/x\n network bridge 172.17.0.2\n";
  }
  // Among each other, so that no half is free of them.
  auto hosts = plan_from(text)->vhosts.shared();
  std::ranges::sort(
      hosts, {}, [](const shared_vhost& v) { return v->host.text.substr(v->host.text.find_first_of("0123456789")); });
  const auto many = std::make_shared<const plan>(plan{.vhosts = vhost_list(hosts), .refused = {}, .unreachable = {}});
  int searches = 1;
  bool force = true;  // SIGHUP: what was found since counts all the same
  while (publish(p, many, std::exchange(force, false)) == publish_status::failed && searches < 20) ++searches;
  CHECK(searches > 1);
  CHECK(searches < 20);
  CHECK(count(w.live(), "upstream \"heberg-good") == 120);
  CHECK(count(w.live(), "server_name \"bad") == 120);
}

TEST_CASE("what nginx refused while its own configuration had a fault is tested again when that is repaired") {
  world w;
  bool broken = true;
  auto tools = w.tools();
  // "zone" is known in the whole alone.
  tools.test_config = [&](std::string candidate, test_scope scope) -> boost::asio::awaitable<config_test_result> {
    const auto text = test::read_file(candidate);
    if (scope == test_scope::whole)
      co_return config_test_result{broken ? config_test_result::kind::refused : config_test_result::kind::accepted,
                                   "broken"};
    co_return config_test_result{
        has(text, "/zone") ? config_test_result::kind::refused : config_test_result::kind::accepted, "no such zone"};
  };
  std::optional<publisher> p;
  p.emplace(w.output(), render_options(), tools);
  plan_options with;
  const std::string text = "container a\n env VIRTUAL_HOST=a.test\n network bridge 172.17.0.2\n";
  SECTION("a host's own file") {
    with.vhost_d["a.test"] = {.path = "/v/zone", .stamp = "1", .fault = {}};
  }
  SECTION("a default file") {
    with.vhost_d["default"] = {.path = "/v/zone", .stamp = "1", .fault = {}};
  }
  SECTION("a default file, where the text is in place already") {
    CHECK(publish(*p, plan_from(text)) == publish_status::published);
    p.emplace(w.output(), render_options(), tools);
    with.vhost_d["default"] = {.path = "/v/zone", .stamp = "1", .fault = {}};
  }
  const auto plan = plan_from(text, with);
  const auto said = log_of([&] {
    static_cast<void>(publish(*p, plan));
    CHECK_FALSE(has(w.live(), "/zone"));
    CHECK(publish(*p, plan) == publish_status::unchanged);
    CHECK_FALSE(has(w.live(), "/zone"));
  });
  CHECK(count(said, "no such zone") == 1);
  CHECK(count(said, "for a reason outside of") == 1);
  broken = false;
  CHECK(publish(*p, plan) == publish_status::published);
  CHECK(has(w.live(), "/zone"));
  CHECK(publish(*p, plan) == publish_status::unchanged);
}

TEST_CASE("that nginx serves no new text for long is logged, though each wait ends with another text") {
  confirming_world w;
  publisher p(w.output(), k_with_generation, w.tools());
  const auto news = [] { return true; };
  w.found = confirmation::outdated;
  const auto said = log_of([&] {
    for (const auto* host : {"a.test", "b.test", "c.test", "d.test"}) {
      CHECK(publish(p, plan_of({host}), false, news) == publish_status::published);
      w.now += std::chrono::seconds(2);
    }
  });
  CHECK(count(said, "still serves an older configuration") == 1);
  w.found = confirmation::served;
  CHECK(has(log_of([&] { static_cast<void>(publish(p, plan_of({"e.test"}))); }),
            "serves the published configuration again"));
  w.found = confirmation::outdated;
  CHECK_FALSE(has(log_of([&] { static_cast<void>(publish(p, plan_of({"f.test"}), false, news)); }), "older"));
}

TEST_CASE("a port that nginx has from before a restart is not a new one") {
  confirming_world w;
  publisher first(w.output(), k_with_generation, w.tools());
  CHECK(publish(first, plan_from(on_port("a", 9000))) == publish_status::published);
  w.taken = "listen 2222";
  publisher second(w.output(), k_with_generation, w.tools());
  CHECK(publish(second, plan_from(on_port("a", 9000) + on_port("b", 2222))) == publish_status::failed);
  CHECK(publish(second, plan_from(on_port("a", 9000) + on_port("b", 2222))) == publish_status::published);
  CHECK(has(w.live(), "listen 9000"));
  CHECK_FALSE(has(w.live(), "listen 2222"));
}

TEST_CASE("of several owners with new ports the one that nginx cannot have is left out, and no other") {
  confirming_world w;
  w.taken = "listen 2222";
  publisher p(w.output(), k_with_generation, w.tools());
  const auto plan = plan_from(on_port("a", 9000) + on_port("b", 2222) + on_port("c", 9001));
  int attempts = 1;
  while (publish(p, plan) == publish_status::failed && attempts < 20) ++attempts;
  CHECK(attempts < 20);
  CHECK(publish(p, plan) == publish_status::unchanged);
  CHECK(has(w.live(), "listen 9000"));
  CHECK(has(w.live(), "listen 9001"));
  CHECK_FALSE(has(w.live(), "listen 2222"));
  CHECK(has(w.live(), "server_name \"b.test\""));  // closed on the usual ports
}

TEST_CASE("a port for https is nginx's only once some host has a certificate") {
  confirming_world w;
  publisher p(w.output(), k_with_generation, w.tools());
  const auto news = [] { return true; };
  const auto text = on_port("a", 9443, "EXTERNAL_HTTPS_PORT");
  CHECK(publish(p, plan_from(text), false, news) == publish_status::published);
  CHECK(w.waited_for_news);
  const auto with_tls = plan_from(text, {.sites = {}, .own_ports = {}, .certificates = {{"a.test", "1"}}});
  CHECK(publish(p, with_tls, false, news) == publish_status::published);
  CHECK_FALSE(w.waited_for_news);  // it may be another program's
}

TEST_CASE("a host whose own port nginx cannot have is left out, and delays others no longer than that takes") {
  world w;
  render_options options;
  options.has_generation = true;
  auto tools = w.tools();
  tools.confirm = [&](const std::string&, const std::function<bool()>&) -> boost::asio::awaitable<confirmation> {
    co_return w.live().find("listen 2222") == std::string::npos ? confirmation::served : confirmation::stale;
  };
  publisher p(w.output(), options, tools);
  const auto plan_with = [](const std::string& more) {
    return plan_from(
        "container a\n env VIRTUAL_HOST=a.test\n env EXTERNAL_HTTP_PORT=9000\n"
        " network bridge 172.17.0.2\n" +
        more);
  };
  const std::string taken =
      "container b\n env VIRTUAL_HOST=b.test\n env EXTERNAL_HTTP_PORT=2222\n network bridge 172.17.0.3\n";
  const std::string later = "container c\n env VIRTUAL_HOST=c.test\n network bridge 172.17.0.4\n";
  CHECK(publish(p, plan_with("")) == publish_status::published);
  CHECK(publish(p, plan_with(taken)) == publish_status::failed);
  CHECK(publish(p, plan_with(taken)) == publish_status::published);
  CHECK(w.live().find("listen 2222") == std::string::npos);
  CHECK(w.live().find("server_name \"b.test\"") != std::string::npos);  // closed
  CHECK(w.live().find("listen 9000") != std::string::npos);
  CHECK(publish(p, plan_with(taken + later)) == publish_status::published);
  CHECK(w.live().find("c.test") != std::string::npos);
}

TEST_CASE("a reload is confirmed, and repeated until nginx serves the text") {
  world w;
  render_options options;
  options.has_generation = true;
  auto tools = w.tools();
  std::vector<std::string> asked_for;
  auto found = confirmation::served;
  tools.confirm = [&](std::string generation, const std::function<bool()>&) -> boost::asio::awaitable<confirmation> {
    asked_for.push_back(std::move(generation));
    co_return found;
  };
  publisher p(w.output(), options, tools);
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::published);
  REQUIRE(asked_for.size() == 1);
  CHECK(asked_for[0].size() == 32);
  CHECK(asked_for[0] == generation_of(w.live()));

  found = confirmation::stale;
  CHECK(publish(p, plan_of({"a.test", "b.test"})) == publish_status::failed);
  CHECK(asked_for[1] != asked_for[0]);
  CHECK(publish(p, plan_of({"a.test", "b.test"})) == publish_status::failed);  // the same text, and told once more
  CHECK(w.reloads == 3);
  found = confirmation::served;
  CHECK(publish(p, plan_of({"a.test", "b.test"})) == publish_status::published);
  CHECK(publish(p, plan_of({"a.test", "b.test"})) == publish_status::unchanged);
  CHECK(w.reloads == 4);
  found = confirmation::silent;  // an nginx elsewhere: nobody can know
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::published);
}

TEST_CASE("another text ends the wait for one that nginx does not serve, and nginx is reloaded again in any case") {
  world w;
  render_options options;
  options.has_generation = true;
  auto tools = w.tools();
  bool waits_for_news = false;
  tools.confirm = [&](const std::string&,
                      const std::function<bool()>& has_news) -> boost::asio::awaitable<confirmation> {
    waits_for_news = has_news && has_news();
    co_return waits_for_news ? confirmation::outdated : confirmation::served;
  };
  publisher p(w.output(), options, tools);
  const auto news = [] { return true; };
  const auto plain = plan_of({"a.test"});
  CHECK(publish(p, plain, false, news) == publish_status::published);
  CHECK(waits_for_news);
  CHECK(publish(p, plain) == publish_status::published);  // the same text
  CHECK(w.reloads == 2);
  CHECK(publish(p, plain) == publish_status::unchanged);

  const auto with_port =
      plan_from("container a\n env VIRTUAL_HOST=a.test\n env EXTERNAL_HTTP_PORT=9000\n network bridge 172.17.0.2\n");
  CHECK(publish(p, with_port, false, news) == publish_status::published);
  CHECK_FALSE(waits_for_news);  // a port that nginx cannot have is to be found out first
  CHECK(publish(p, plan_of({"a.test", "b.test"}), false, news) == publish_status::published);
  CHECK(waits_for_news);
}

TEST_CASE("a new text is tested, put into place and loaded, an equal one is not") {
  world w;
  publisher p(w.output(), {}, w.tools());
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::published);
  CHECK(w.live() == render(plan_of({"a.test"})->vhosts, {}));
  CHECK(w.live() == w.candidate_text);
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::unchanged);
  CHECK(w.asked == 1);
  CHECK(w.reloads == 1);
}

TEST_CASE("another process finds an equal text and does nothing") {
  world w;
  publisher first(w.output(), {}, w.tools());
  static_cast<void>(publish(first, plan_of({"a.test"})));
  publisher second(w.output(), {}, w.tools());
  CHECK(publish(second, plan_of({"a.test"})) == publish_status::unchanged);
  CHECK(w.reloads == 1);
}

TEST_CASE("on demand nginx is reloaded though the text is equal") {
  world w;
  publisher p(w.output(), {}, w.tools());
  static_cast<void>(publish(p, plan_of({"a.test"})));
  CHECK(publish(p, plan_of({"a.test"}), true) == publish_status::published);
  CHECK(w.reloads == 2);
}

TEST_CASE("a host that nginx refuses is left out, and not tried again until it changes") {
  world w;
  w.bad = "\"b.test\"";
  publisher p(w.output(), {}, w.tools());
  CHECK(publish(p, plan_of({"a.test", "b.test", "c.test"})) == publish_status::published);
  CHECK(has(w.live(), "\"a.test\""));
  CHECK(has(w.live(), "\"c.test\""));
  CHECK_FALSE(has(w.live(), "\"b.test\""));
  const auto asked = w.asked;
  CHECK(publish(p, plan_of({"a.test", "b.test", "c.test", "d.test"})) == publish_status::published);
  CHECK(w.asked == asked + 1);
  CHECK(has(w.live(), "\"d.test\""));

  w.bad.clear();  // the sysadmin has repaired nginx, and says so
  CHECK(publish(p, plan_of({"a.test", "b.test"}), true) == publish_status::published);
  CHECK(has(w.live(), "\"b.test\""));
}

TEST_CASE("an nginx that cannot be asked leaves the old text, without a reload") {
  world w;
  publisher p(w.output(), {}, w.tools());
  static_cast<void>(publish(p, plan_of({"a.test"})));
  w.otherwise = config_test_result::kind::failed;
  CHECK(publish(p, plan_of({"b.test"})) == publish_status::kept);
  CHECK(has(w.live(), "\"a.test\""));
  CHECK(w.reloads == 1);
  CHECK_FALSE(std::filesystem::exists(w.folder / ".heberg.conf.tmp"));
  w.otherwise = config_test_result::kind::accepted;
  CHECK(publish(p, plan_of({"b.test"})) == publish_status::published);
}

TEST_CASE("without nginx here the text is put into place, and nginx is reloaded") {
  world w;
  w.otherwise = config_test_result::kind::not_installed;
  publisher p(w.output(), {}, w.tools());
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::published);
  CHECK(has(w.live(), "\"a.test\""));
}

TEST_CASE("a folder that is gone is a failure, and the next attempt succeeds") {
  world w;
  const auto output = w.folder / "gone" / "heberg.conf";
  publisher p(output, {}, w.tools());
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::failed);
  CHECK(w.asked == 0);
  CHECK(w.reloads == 0);
  std::filesystem::create_directory(w.folder / "gone");
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::published);
}

TEST_CASE("a rename that fails leaves the old text, without a reload") {
  world w;
  std::filesystem::create_directories(w.output() / "in-the-way");  // a folder where the file should be
  publisher p(w.output(), {}, w.tools());
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::failed);
  CHECK(w.reloads == 0);
}

TEST_CASE("a reload that failed is made up for, by the next attempt or the next process") {
  world w;
  w.told = {reload_status::failed, "no"};
  publisher p(w.output(), {}, w.tools());
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::failed);
  CHECK(has(w.live(), "\"a.test\""));
  w.told = {reload_status::requested, {}};
  SECTION("the next attempt") {
    CHECK(publish(p, plan_of({"a.test"})) == publish_status::published);
  }
  SECTION("the next process") {
    publisher next(w.output(), {}, w.tools());
    CHECK(publish(next, plan_of({"a.test"})) == publish_status::published);
  }
  CHECK(w.reloads == 2);
  publisher last(w.output(), {}, w.tools());
  CHECK(publish(last, plan_of({"a.test"})) == publish_status::unchanged);
}

TEST_CASE("an nginx that does not run is reloaded when it does: it may have read the old text while it started") {
  world w;
  w.told = {reload_status::not_running, "nginx is not running"};
  publisher p(w.output(), {}, w.tools());
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::not_reloaded);
  CHECK(has(w.live(), "\"a.test\""));
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::not_reloaded);
  w.told = {reload_status::requested, {}};
  SECTION("by this process") {
    CHECK(publish(p, plan_of({"a.test"})) == publish_status::published);
  }
  SECTION("by the next one") {
    publisher next(w.output(), {}, w.tools());
    CHECK(publish(next, plan_of({"a.test"})) == publish_status::published);
  }
  CHECK(w.reloads == 3);
  CHECK(w.asked == 1);
}

TEST_CASE("without a way to reload nginx is not reloaded") {
  world w;
  auto tools = w.tools();
  tools.reload = {};
  publisher p(w.output(), {}, std::move(tools));
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::published);
  CHECK(w.reloads == 0);
}

TEST_CASE("a file that is removed before nginx tests it affects no host: the files are to be listed again") {
  opening_world w;
  for (const std::string name : {"a", "b", "c"})
    w.hosts += "container " + name + "\n env VIRTUAL_HOST=" + name + ".test\n network bridge 172.17.0.2\n";
  publisher p(w.output(), w.options(), w.tools());
  std::filesystem::path removed;
  bool is_judged = true;  // with the file, before it is removed
  SECTION("every host's file") {
    removed = w.vhost_d / "default";
  }
  SECTION("every host's file, before it is judged for the first time") {
    removed = w.vhost_d / "default";
    is_judged = false;
  }
  SECTION("one host's own file") {
    removed = w.vhost_d / "b.test";
  }
  SECTION("one location's own file") {
    removed = w.vhost_d / "b.test_location";
  }
  SECTION("every host's certificate") {
    test::write_file(w.certs / "default.crt", "c");
    removed = w.certs / "default.key";
  }
  if (is_judged) test::write_file(removed, "x");
  REQUIRE(publish(p, w.list()) == publish_status::published);
  const auto before = w.live();
  test::write_file(removed, "x");
  w.hosts += "container d\n env VIRTUAL_HOST=d.test\n network bridge 172.17.0.3\n";
  const auto listed = w.list();
  std::filesystem::remove(removed);
  const auto said = log_of([&] {
    CHECK(publish(p, listed) == publish_status::files_changed);
    CHECK(w.live() == before);
    CHECK(publish(p, w.list()) == publish_status::published);
  });
  CHECK(count(w.live(), "upstream \"heberg-") == 4);
  CHECK_FALSE(has(w.live(), removed.string()));
  CHECK_FALSE(has(said, "refuses"));
  CHECK(count(said, removed.string() + " was removed or replaced") + count(said, "default.crt was removed") == 1);
  // What comes back is used again: nothing is remembered against it.
  test::write_file(removed, "x");
  CHECK(publish(p, w.list()) == publish_status::published);
  CHECK(has(w.live(), removed.string()));
  CHECK(count(w.live(), "upstream \"heberg-") == 4);
}

TEST_CASE("files that change without end do not keep the other hosts from being served") {
  opening_world w;
  w.hosts =
      "container a\n env VIRTUAL_HOST=a.test\n network bridge 172.17.0.2\n"
      "container b\n env VIRTUAL_HOST=b.test\n network bridge 172.17.0.2\n";
  publisher p(w.output(), w.options(), w.tools());
  test::write_file(w.vhost_d / "b.test", "x");
  const auto listed = w.list();
  std::filesystem::remove(w.vhost_d / "b.test");
  int attempts = 1;
  while (publish(p, listed) == publish_status::files_changed && attempts < 20) ++attempts;
  CHECK(attempts > 2);
  CHECK(attempts < 20);
  CHECK(has(w.live(), "heberg-a.test"));
}

TEST_CASE("where nginx keeps its old text for a file that was removed no host's port is refused") {
  confirming_world w;
  w.taken = "listen 9000";
  auto tools = w.tools();
  std::optional<std::string> changed = "/v/default";
  tools.find_changed_file = [&](const plan&) { return changed; };
  publisher p(w.output(), k_with_generation, tools);
  CHECK(publish(p, plan_from(on_port("a", 9000))) == publish_status::files_changed);
  w.taken.clear();
  changed.reset();
  CHECK(publish(p, plan_from(on_port("a", 9000))) == publish_status::published);
  CHECK(has(w.live(), "listen 9000"));
}

TEST_CASE("a text that is in place is confirmed where it is not known to be served") {
  confirming_world w;
  REQUIRE(publish_all(w) == publish_status::published);
  publisher again(w.output(), {.has_generation = true}, w.tools());
  const auto same = plan_of({"a.test"});
  CHECK(publish(again, same) == publish_status::unchanged);  // not asked
  again.doubt_what_is_served();
  CHECK(publish(again, same) == publish_status::unchanged);  // asked, and served
  w.served = test::read_file(w.folder / ".heberg.conf.closed");
  CHECK_FALSE(has(w.served, "a.test"));
  again.doubt_what_is_served();
  CHECK(publish(again, same) == publish_status::published);
  CHECK(w.served == w.live());
}

TEST_CASE("closed, no host is in place until it is published again") {
  world w;
  publisher p(w.output(), {}, w.tools());
  p.close();
  CHECK_FALSE(std::filesystem::exists(w.output()));  // there was nothing to close
  REQUIRE(publish(p, plan_of({"a.test"})) == publish_status::published);
  CHECK_FALSE(p.is_closed());
  p.close();
  CHECK(p.is_closed());
  CHECK_FALSE(has(w.live(), "a.test"));
  CHECK(publish(p, plan_of({"a.test"})) == publish_status::published);
  CHECK(has(w.live(), "a.test"));
}
