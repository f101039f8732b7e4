// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is in front of the proxy and is believed: with a real nginx.
#include "proxy-render/render/downstream.h"

#include "proxy-render/plan/planner.h"
#include "proxy-render/publish/confirm.h"
#include "proxy-render/render/generation.h"
#include "proxy-render/render/render_cache.h"
#include "unit/proxy-render/compact.h"
#include "unit/proxy-render/judge.h"

#include <catch2/catch.hpp>

namespace {

using namespace heberg;
using namespace heberg::proxy;
using Catch::Contains;

constexpr char k_lies[] =
    "X-Forwarded-For: 6.6.6.6, 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.test\r\n"
    "X-Real-IP: 6.6.6.6\r\n";

class proxied {
 public:
  explicit proxied(downstream from, std::size_t many_hosts = 500) : options_(render_for(nginx_)) {
    options_.downstream = std::move(from);
    options_.many_hosts = many_hosts;
    options_.has_generation = true;
    const auto site = "\n  env VIRTUAL_PORT=" + std::to_string(nginx_.site_port) + "\n  network n 127.0.0.1\n";
    const auto plan = make_plan(
        test::parse_containers("container a\n  env VIRTUAL_HOST=a.test" + site +
                               "container b\n  env VIRTUAL_HOST=b.test" + site + "  env NETWORK_ACCESS=internal\n"),
        {});
    text_ = render(plan.vhosts, options_);
    test::write_file(nginx_.live(), text_);
    process_.emplace(std::vector<std::string>{"nginx", "-c", nginx_.path("nginx.conf")}, nginx_.path("nginx.out"));
    REQUIRE(test::wait_until([this] { return !test::ask(nginx_.port, "a.test", "", proxy_line("1.2.3.4")).empty(); }));
  }

  [[nodiscard]] std::string ask(const std::string& host, const std::string& headers,
                                const std::string& client = "1.2.3.4") const {
    return test::ask(nginx_.port, host, headers, proxy_line(client));
  }

  [[nodiscard]] confirmation confirm() const {
    const generation_port port{.number = static_cast<std::uint16_t>(nginx_.port),
                               .proxy_protocol = options_.downstream.proxy_protocol};
    return test::run(confirm_generation(port, generation_of(text_), std::chrono::milliseconds(1500), {}));
  }

 private:
  [[nodiscard]] std::string proxy_line(const std::string& client) const {
    return options_.downstream.proxy_protocol ? "PROXY TCP4 " + client + " 192.0.2.9 40000 80\r\n" : "";
  }

  test::private_nginx nginx_;
  render_options options_;
  std::string text_;
  std::optional<test::child_process> process_;
};

}  // namespace

TEST_CASE("the headers of a trusted address count: the client, its protocol, and the name and port that it asked for") {
  for (const std::size_t many_hosts : {0U, 500U}) {
    const proxied behind({.trusted = {"127.0.0.0/8", "9.9.9.9"}}, many_hosts);
    CHECK_THAT(behind.ask("a.test", k_lies), Contains("host=a.test for=6.6.6.6, 127.0.0.1 proto=https real=6.6.6.6 ") &&
                                                 Contains("port=443 name=shop.test ssl=on\n"));
    CHECK_THAT(behind.ask("a.test", "X-Forwarded-For: 5.5.5.5, 6.6.6.6\r\n"), Contains("for=6.6.6.6, 127.0.0.1 "));
    CHECK_THAT(behind.ask("a.test", "X-Forwarded-Port: 8443\r\nX-Forwarded-Proto: https\r\n"),
               Contains("port=8443 name=a.test ssl=on\n"));
    CHECK_THAT(behind.ask("a.test", ""), Contains("for=127.0.0.1 proto=http real=127.0.0.1 ") && Contains("ssl=off\n"));
    // What is not of its kind is not passed on.
    CHECK_THAT(behind.ask("a.test", "X-Forwarded-Proto: gopher\r\nX-Forwarded-Port: 1;\r\nX-Forwarded-Host: a b\r\n"),
               Contains("proto=http ") && Contains("name=a.test ssl=off\n") && !Contains("port=1;"));
    CHECK(behind.confirm() == confirmation::served);
  }
}

TEST_CASE("the headers of an untrusted address do not count, and internal means the client, not the load balancer") {
  const proxied elsewhere({.trusted = {"192.0.2.0/24"}});
  CHECK_THAT(elsewhere.ask("a.test", k_lies),
             Contains("for=127.0.0.1 proto=http real=127.0.0.1 ") && Contains("name=a.test ssl=off\n"));
  CHECK_THAT(elsewhere.ask("b.test", k_lies), Contains("HTTP/1.1 200"));
  const proxied behind({.trusted = {"127.0.0.1"}});
  CHECK_THAT(behind.ask("b.test", "X-Forwarded-For: 9.9.9.9\r\n"), Contains("HTTP/1.1 403"));
  CHECK_THAT(behind.ask("b.test", "X-Forwarded-For: 10.1.2.3\r\n"), Contains("HTTP/1.1 200"));
}

TEST_CASE("over the PROXY protocol the client's address is the protocol's, and its headers are its own") {
  for (const std::size_t many_hosts : {0U, 500U}) {
    const proxied behind({.trusted = {"127.0.0.1"}, .proxy_protocol = true}, many_hosts);
    CHECK_THAT(behind.ask("a.test", k_lies),
               Contains("for=1.2.3.4 proto=http real=1.2.3.4 ") && Contains("name=a.test ssl=off\n"));
    CHECK_THAT(behind.ask("b.test", ""), Contains("HTTP/1.1 403"));
    CHECK_THAT(behind.ask("b.test", "", "10.0.0.7"), Contains("HTTP/1.1 200"));
    CHECK(behind.confirm() == confirmation::served);
  }
  const proxied elsewhere({.trusted = {"192.0.2.0/24"}, .proxy_protocol = true});
  CHECK_THAT(elsewhere.ask("a.test", ""), Contains("for=127.0.0.1 "));
}
