// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/judge_defaults.h"

#include "proxy-render/render/client_limits.h"
#include "proxy-render/render/render.h"
#include "proxy-render/render/render_preamble.h"

#include <utility>

namespace heberg::proxy {
namespace {

// Without the lines of ours that the sysadmin's configuration may have, too (publication.h): they are not under test.
std::string text_with(const default_files& files, render_options options) {
  options.defaults = files;
  options.preamble = {.default_server = false, .hash_sizes = false, .limits_given_up = list_given_up({})};
  return render_around(options, render_defaults_alone(options));
}

struct found_fault {
  std::string message = {};
  std::string foreign = {};  // nginx's own configuration's
};

// Nothing where nginx accepts what is new, or could not be run: publication finds that out and reports it. The texts
// are made before: made within the co_await, what GCC 12 compiles frees them wrongly (seen: "free(): invalid
// pointer").
boost::asio::awaitable<found_fault> find_fault(default_files with_it, default_files without_it, render_options options,
                                               config_tester ask) {
  found_fault found;
  const std::string with = text_with(with_it, options);
  const std::string without = text_with(without_it, options);
  const config_test_result said = co_await ask(with, test_scope::whole);
  if (said.kind != config_test_result::kind::refused) co_return found;
  // It may be something else that nginx refuses.
  const config_test_result else_said = co_await ask(without, test_scope::whole);
  if (else_said.kind != config_test_result::kind::refused) {
    found.message = said.message;
    co_return found;
  }
  found.foreign = else_said.message;
  const config_test_result alone = co_await ask(with, test_scope::alone);
  if (alone.kind == config_test_result::kind::refused) found.message = alone.message;
  co_return found;
}

// Each of the files by itself, with where it belongs.
std::vector<std::pair<host_file, default_files>> each_file(const default_files& of) {
  std::vector<std::pair<host_file, default_files>> all;
  if (!of.preamble.path.empty())
    all.push_back(
        {of.preamble, {.server = {}, .location = {}, .preamble = of.preamble, .preamble_text = of.preamble_text}});
  for (const auto& file : of.http) all.push_back({file, {.server = {}, .location = {}, .http = {file}}});
  if (!of.server.path.empty()) all.push_back({of.server, {.server = of.server, .location = {}}});
  if (!of.location.path.empty()) all.push_back({of.location, {.server = {}, .location = of.location}});
  return all;
}

default_files add(default_files to, const default_files& more) {
  if (!more.server.path.empty()) to.server = more.server;
  if (!more.location.path.empty()) to.location = more.location;
  if (!more.preamble.path.empty()) {
    to.preamble = more.preamble;
    to.preamble_text = more.preamble_text;
  }
  to.http.insert(to.http.end(), more.http.begin(), more.http.end());
  return to;
}

}  // namespace

boost::asio::awaitable<judged_defaults> judge_defaults(default_files wanted, render_options options,
                                                       config_tester ask) {
  judged_defaults judged;
  judged.accepted.error_page = wanted.error_page;  // nginx reads it when it is needed
  for (const auto& [file, only] : each_file(wanted)) {
    auto together = add(judged.accepted, only);
    auto fault = co_await find_fault(together, judged.accepted, options, ask);
    if (!fault.foreign.empty()) judged.foreign_fault = std::move(fault.foreign);
    if (fault.message.empty()) {
      judged.accepted = std::move(together);
    } else {
      judged.refused.push_back({file.path, std::move(fault.message)});
    }
  }
  co_return judged;
}

}  // namespace heberg::proxy
