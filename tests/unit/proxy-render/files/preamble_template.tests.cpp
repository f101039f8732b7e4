// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/files/preamble_template.h"

#include "proxy-render/publish/confirm.h"
#include "proxy-render/render/generation.h"
#include "proxy-render/render/render.h"
#include "proxy-render/render/render_cache.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::proxy;

namespace {

constexpr const char* k_all =
    "{{{notice}}}{{{includes}}}{{{maps}}}{{{hash_sizes}}}{{{unknown_names}}}{{{generation}}}{{{hosts}}}";

vhost a_host() {
  vhost made;
  made.host = {.kind = site::host_kind::name, .text = "a.test"};
  made.locations.push_back({.route = {}, .service = service::up, .backends = {{"10.0.0.1", 80, "a"}}});
  return made;
}

render_options with_template(const std::string& text) {
  render_options options{.has_generation = true};
  options.defaults.preamble.path = "/etc/heberg/conf.d/frame.mustache";
  options.defaults.preamble_text = text;
  return options;
}

}  // namespace

TEST_CASE("a template with heberg's own parts gives the same text") {
  const vhost_list hosts({std::make_shared<const vhost>(a_host())});
  CHECK(find_template_fault(k_all).empty());
  CHECK(render(hosts, with_template(k_all)) == render(hosts, {.has_generation = true}));
}

TEST_CASE("a template decides what is around the hosts") {
  const vhost_list hosts({std::make_shared<const vhost>(a_host())});
  const auto* const text =
      "# mine\n{{{maps}}}{{! a comment }}\nserver {\n  listen {{http_port}} default_server;\n"
      "{{#ipv6}}  listen [::]:{{http_port}} default_server;\n{{/ipv6}}  return 418;\n}\n{{{hosts}}}# the end\n";
  CHECK(find_template_fault(text).empty());
  const auto made = render(hosts, with_template(text));
  CHECK(made.starts_with("# mine\n\nmap $http_upgrade"));
  CHECK(made.find("  listen [::]:80 default_server;\n  return 418;") != std::string::npos);
  CHECK(made.find("server_name \"a.test\";") != std::string::npos);
  CHECK(made.ends_with("# the end\n"));
  CHECK(generation_of(made).empty());  // it does not ask for it
  CHECK(made.find("heberg_ssl") != std::string::npos);
  auto ipv4 = with_template(text);
  ipv4.ipv6 = false;
  CHECK(render(hosts, ipv4).find("[::]") == std::string::npos);
}

TEST_CASE("a text that is not a template is refused with the reason") {
  const struct {
    const char *text, *fault;
  } rows[] = {
      {"", "has no {{{hosts}}}"},
      {"{{{maps}}}", "has no {{{hosts}}}"},
      {"{{#none}}{{{hosts}}}{{/none}}", "has the unknown tag \"none\""},
      {"{{#ipv6}}{{{hosts}}}{{/ipv6}}", "has no {{{hosts}}}"},
      {"{{{hosts}}}{{hosts}}", "has {{{hosts}}} more than once"},
      {"{{{hosts}}}{{{generation}}}", "has {{{generation}}} after {{{hosts}}}"},
      {"{{{generation}}}{{{generation}}}{{{hosts}}}", "has {{{generation}}} more than once"},
      {"{{{hosts}}}{{htts_port}}", "has the unknown tag \"htts_port\""},
      {"{{{hosts}}}{{> other}}", "has the unknown tag \">\""},
      {"{{{hosts}}}{{=<% %>=}}<%maps%>", "has the unknown tag \"=<%\""},
      {"\x01hosts\x01", "has control characters"},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(find_template_fault(row.text) == row.fault);
  }
  CHECK(find_template_fault("{{{hosts}}} {{#ipv6}}").starts_with("is not a mustache template: "));
  CHECK(find_template_fault("{{{hosts}}} {{").find("template") != std::string::npos);
}

TEST_CASE("the example is a template") {
  CHECK(find_template_fault(test::read_file(HEBERG_SOURCE "/docs/examples/frame.mustache")).empty());
}
