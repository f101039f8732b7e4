// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/check.h"

#include "proxy-render/nginx/scratch.h"
#include "proxy-render/publish/judge_defaults.h"
#include "proxy-render/publish/publication.h"
#include "proxy-render/render/render_cache.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

namespace heberg::proxy {
namespace {

// What publication decides, with a candidate of our own in the place of the staged file.
boost::asio::awaitable<void> judge(const plan& plan, render_options options, const nginx_options& nginx,
                                   std::string candidate, publish_action& action, std::vector<std::string>& faults) {
  const config_tester ask = [&nginx, &candidate](const std::string& text, test_scope scope) {
    std::filesystem::remove(candidate);
    write_text(candidate, text);
    return test_config(nginx, candidate, scope);
  };
  const auto defaults = co_await judge_defaults(plan.defaults, options, ask);
  for (const auto& fault : defaults.refused) faults.push_back("nginx refuses " + fault.path + ": " + fault.reason);
  options.defaults = defaults.accepted;
  options.engine_networks = plan.engine_networks;
  auto configs = render_hosts(plan.vhosts, options);
  for (const auto& config : configs) {
    if (!config->fault.empty()) faults.push_back(config->fault);
  }
  publication publication(options, std::move(configs), {});
  action = publication.start();
  while (const auto* text = std::get_if<judge_text>(&action)) {
    const auto result = co_await ask(text->text, text->scope);
    action = publication.resume(result);
  }
}

}  // namespace

std::vector<std::string> find_faults(const plan& plan, const render_options& options, const nginx_options& nginx) {
  const scratch_folder scratch;
  boost::asio::io_context io{1};
  publish_action action;
  std::vector<std::string> faults;
  for (const auto& file : plan.broken_files) faults.push_back(file.path + " " + file.reason);
  std::exception_ptr broken;
  boost::asio::co_spawn(io, judge(plan, options, nginx, (scratch.path() / "candidate").string(), action, faults),
                        [&broken](std::exception_ptr error) { broken = std::move(error); });
  io.run();
  if (broken) std::rethrow_exception(broken);

  if (const auto* keep = std::get_if<keep_old>(&action)) {
    faults.push_back(keep->reason);
    return faults;
  }
  const auto& put = std::get<put_in_place>(action);
  for (const auto& [index, message] : put.left_out) {
    faults.push_back("nginx refuses the host " + plan.vhosts[index].host.text + ": " + message);
  }
  if (!put.foreign_fault.empty()) faults.push_back("nginx refuses its own configuration: " + put.foreign_fault);
  if (put.unjudged) faults.emplace_back("nginx is not installed here: the configuration is not tested");
  return faults;
}

}  // namespace heberg::proxy
