// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/check.h"

#include "proxy-render/scratch.h"

namespace heberg::proxy {

boost::asio::awaitable<std::vector<std::string>> find_faults(std::shared_ptr<const plan> plan, render_options options,
                                                             nginx_options nginx) {
  std::vector<std::string> blocks;
  for (const auto& vhost : plan->vhosts) blocks.push_back(render_vhost(vhost, options));

  const scratch_folder scratch;
  const auto candidate = (scratch.path() / "candidate").string();
  publication publication(options, std::move(blocks), {});
  auto action = publication.start();
  while (const auto* judge = std::get_if<judge_text>(&action)) {
    write_text(candidate, judge->text);
    const auto verdict = co_await ask_nginx(nginx, candidate, judge->scope);
    action = publication.resume(verdict);
  }

  std::vector<std::string> faults;
  if (const auto* keep = std::get_if<keep_old>(&action)) {
    faults.push_back(keep->reason);
    co_return faults;
  }
  const auto& put = std::get<put_in_place>(action);
  for (const auto& [index, message] : put.left_out)
    faults.push_back("nginx refuses the host " + plan->vhosts[index].host.text + ": " + message);
  if (!put.foreign_fault.empty()) faults.push_back("nginx refuses its own configuration: " + put.foreign_fault);
  if (put.unjudged) faults.emplace_back("nginx is not installed here: nobody judged the text");
  co_return faults;
}

}  // namespace heberg::proxy
