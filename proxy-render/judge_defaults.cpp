// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/judge_defaults.h"

#include <array>
#include <utility>

namespace heberg::proxy {
namespace {

constexpr std::array k_each = {&default_files::server, &default_files::location};

std::string text_with(const default_files& files, render_options options) {
  options.defaults = files;
  return render_frame(options) + render_defaults_alone(options);
}

// Nothing where nginx has nothing against them: or cannot be asked, as publication will find out and say. The texts are
// made before: made within the co_await, what GCC 12 compiles frees them wrongly (seen: "free(): invalid pointer").
boost::asio::awaitable<std::string> find_fault(default_files only, render_options options, nginx_asker ask) {
  const std::string with = text_with(only, options);
  const std::string without = text_with(default_files(), options);
  const verdict said = co_await ask(with, scope::whole);
  if (said.kind != verdict::kind::refused) co_return std::string();
  // It may be something else that nginx refuses.
  const verdict else_said = co_await ask(without, scope::whole);
  if (else_said.kind != verdict::kind::refused) co_return said.message;
  const verdict alone = co_await ask(with, scope::alone);
  co_return alone.kind == verdict::kind::refused ? alone.message : std::string();
}

}  // namespace

boost::asio::awaitable<judged_defaults> judge_defaults(default_files wanted, render_options options, nginx_asker ask) {
  judged_defaults judged;
  for (const auto which : k_each) {
    if ((wanted.*which).path.empty()) continue;
    default_files only;
    only.*which = wanted.*which;
    auto fault = co_await find_fault(only, options, ask);
    if (fault.empty()) {
      judged.accepted.*which = wanted.*which;
    } else {
      judged.refused.push_back({(wanted.*which).path, std::move(fault)});
    }
  }
  co_return judged;
}

}  // namespace heberg::proxy
