// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/check.h"

#include "proxy-render/scratch.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

namespace heberg::proxy {
namespace {

// What publication decides, with a candidate of our own in the place of the staged file.
boost::asio::awaitable<publish_action> judge(publication& publication, const nginx_options& nginx,
                                             std::string candidate) {
  auto action = publication.start();
  while (const auto* text = std::get_if<judge_text>(&action)) {
    std::filesystem::remove(candidate);
    write_text(candidate, text->text);
    const auto verdict = co_await ask_nginx(nginx, candidate, text->scope);
    action = publication.resume(verdict);
  }
  co_return action;
}

}  // namespace

std::vector<std::string> find_faults(const plan& plan, const render_options& options, const nginx_options& nginx) {
  const scratch_folder scratch;
  publication publication(options, render_hosts(plan.vhosts, options), {});
  boost::asio::io_context io{1};
  publish_action action;
  std::exception_ptr broken;
  boost::asio::co_spawn(io, judge(publication, nginx, (scratch.path() / "candidate").string()),
                        [&action, &broken](std::exception_ptr error, publish_action end) {
                          broken = std::move(error);
                          action = std::move(end);
                        });
  io.run();
  if (broken) std::rethrow_exception(broken);

  if (const auto* keep = std::get_if<keep_old>(&action)) return {keep->reason};
  std::vector<std::string> faults;
  for (const auto& file : plan.broken_files) faults.push_back(file.path + " " + file.reason);
  const auto& put = std::get<put_in_place>(action);
  for (const auto& [index, message] : put.left_out) {
    faults.push_back("nginx refuses the host " + plan.vhosts[index].host.text + ": " + message);
  }
  if (!put.foreign_fault.empty()) faults.push_back("nginx refuses its own configuration: " + put.foreign_fault);
  if (put.unjudged) faults.emplace_back("nginx is not installed here: nobody judged the text");
  return faults;
}

}  // namespace heberg::proxy
