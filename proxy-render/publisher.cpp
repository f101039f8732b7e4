// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publisher.h"

#include "program/log.h"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

// GCC 12 takes the inlined half of a coroutine's new and delete for a wrong pair.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace heberg::proxy {
namespace {

namespace asio = boost::asio;

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

}  // namespace

struct publisher::round {
  std::shared_ptr<const struct plan> plan;
  std::vector<host_text> shares;
  std::vector<const vhost*> hosts;  // of the shares
  std::string live;
  bool has_live = false;
};

publisher::publisher(const std::filesystem::path& output, render_options options, publisher_tools tools)
    : output_(output), options_(std::move(options)), tools_(std::move(tools)) {}

asio::awaitable<outcome> publisher::publish(std::shared_ptr<const plan> plan, bool insist) {
  auto result = outcome::failed;
  try {
    if (insist) {
      refused_.clear();
      options_.frame = {};
      wanted_defaults_ = options_.defaults = {};
    }
    if (plan->defaults != wanted_defaults_) {
      const auto judged = co_await judge(plan->defaults);
      note_defaults(plan->defaults, judged);
    }
    round now{.plan = std::move(plan), .shares = {}, .hosts = {}, .live = {}, .has_live = false};
    result = co_await carry_out(now);
    output_.discard();
    if (result != outcome::kept) result = co_await reload(now, result, insist);
  } catch (const boost::system::system_error&) {
    throw;  // cancelled: we are to end
  } catch (const std::exception& error) {
    output_.discard();
    log(level::error, std::string("not published: ") + error.what());
    result = outcome::failed;
  }
  co_return result;
}

asio::awaitable<judged_defaults> publisher::judge(const default_files& wanted) {
  return judge_defaults(wanted, options_, [this](const std::string& text, enum scope scope) {
    return tools_.ask_nginx(output_.stage(text), scope);
  });
}

void publisher::note_defaults(const default_files& wanted, const judged_defaults& judged) {
  for (const auto& fault : judged.refused)
    log(level::error, "nginx refuses " + fault.path + ", all hosts are served without it: " + fault.reason);
  options_.defaults = judged.accepted;
  wanted_defaults_ = wanted;
}

asio::awaitable<outcome> publisher::carry_out(round& now) {
  std::set<host_text> still_refused;
  auto all = render_hosts(now.plan->vhosts, options_);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (refused_.contains(all[i])) {
      still_refused.insert(std::move(all[i]));
      continue;
    }
    now.shares.push_back(std::move(all[i]));
    now.hosts.push_back(&now.plan->vhosts[i]);
  }
  refused_ = std::move(still_refused);

  auto live = output_.read();
  now.has_live = live.has_value();
  now.live = std::move(live).value_or("");
  publication publication(options_, now.shares, now.live);
  auto action = publication.start();
  while (const auto* judge = std::get_if<judge_text>(&action)) {
    const auto candidate = output_.stage(judge->text);
    const auto verdict = co_await tools_.ask_nginx(candidate, judge->scope);
    action = publication.resume(verdict);
  }
  note_frame(publication.accepted_frame());
  if (const auto* put_action = std::get_if<put_in_place>(&action)) co_return put(now, *put_action);
  const auto& keep = std::get<keep_old>(action);
  if (keep.unchanged) co_return outcome::unchanged;
  log(level::error, "not published, the old configuration stays: " + keep.reason);
  co_return outcome::kept;
}

void publisher::note_frame(const frame& accepted) {
  if (options_.frame.default_server && !accepted.default_server) {
    log(level::warning,
        "nginx's configuration has a default server of its own on our port: that one, not ours, answers names nobody "
        "serves");
  }
  if (options_.frame.hash_sizes && !accepted.hash_sizes) {
    log(level::warning,
        "nginx's configuration sets server_names_hash_bucket_size or server_names_hash_max_size itself: "
        "host names of up to 253 bytes need a bucket size of 512");
  }
  options_.frame = accepted;
}

outcome publisher::put(const round& now, const put_in_place& action) {
  for (const auto& [index, message] : action.left_out) {
    const auto& vhost = *now.hosts[index];
    refused_.insert(now.shares[index]);
    log(level::error,
        "nginx refuses the host " + vhost.host.text + " of " + join(vhost.containers) + ", it is left out: " + message);
  }
  if (!action.foreign_fault.empty() && action.foreign_fault != foreign_fault_) {
    log(level::error,
        "nginx refuses its configuration for a reason outside of " + output_.path() + ": " + action.foreign_fault);
  }
  foreign_fault_ = action.foreign_fault;
  if (action.unjudged && !said_unjudged_) {
    log(level::warning, "nginx is not installed here: what is published is not judged by nginx -t");
    said_unjudged_ = true;
  }
  if (now.has_live && action.text == now.live) return outcome::unchanged;

  static_cast<void>(output_.stage(action.text));
  output_.owe_reload();
  output_.commit();
  log(level::info,
      "published " + std::to_string(now.hosts.size() - action.left_out.size()) + " hosts to " + output_.path());
  return outcome::published;
}

// False: nginx was told, and serves another text all the same.
asio::awaitable<bool> publisher::is_served(const round& now) {
  const auto generation = tools_.confirm ? generation_of(output_.read().value_or("")) : std::string();
  if (generation.empty()) co_return true;
  const auto found = co_await tools_.confirm(generation);
  if (std::exchange(said_, found) != found) {
    if (found == confirmation::served) log(level::info, "nginx serves what is published again");
    if (found == confirmation::stale)
      log(level::error, "nginx was told to reload, and still serves an older configuration: its error log says why");
    if (found == confirmation::silent)
      log(level::warning,
          "nothing answers on our port of 127.0.0.1: whether nginx serves what is published is not known");
  }
  if (found == confirmation::stale) refuse_new_ports(now);
  if (found == confirmation::served) {
    ports_.clear();
    for (const auto& share : now.shares) {
      if (!refused_.contains(share)) ports_.insert({share.external.http, share.external.https});
    }
  }
  co_return found != confirmation::stale;
}

void publisher::refuse_new_ports(const round& now) {
  for (std::size_t i = 0; i < now.shares.size(); ++i) {
    const auto& share = now.shares[i];
    for (const auto port : {share.external.http, share.external.https}) {
      if (port == 0 || ports_.contains(port) || !refused_.insert(share).second) continue;
      log(level::error, "nginx does not get port " + std::to_string(port) + " of the host " + now.hosts[i]->host.text +
                            " of " + join(now.hosts[i]->containers) + ", it is left out");
    }
  }
}

asio::awaitable<outcome> publisher::reload(const round& now, outcome written, bool insist) {
  if (!tools_.reload) co_return written;
  if (written == outcome::unchanged && !insist && !output_.owes_reload()) co_return written;
  output_.owe_reload();
  const auto result = co_await tools_.reload();
  if (result.what == telling::failed) {
    log(level::error, "nginx could not be told to reload, it will be tried again: " + result.message);
    co_return outcome::failed;
  }
  if (result.what == telling::not_running) {
    if (!std::exchange(said_not_running_, true)) log(level::warning, result.message + ": it will be told when it runs");
    co_return outcome::untold;
  }
  said_not_running_ = false;
  if (!co_await is_served(now)) co_return outcome::failed;
  output_.clear_owed_reload();
  co_return written == outcome::unchanged ? outcome::published : written;
}

}  // namespace heberg::proxy
