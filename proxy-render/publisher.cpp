// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publisher.h"

#include "program/log.h"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

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
  std::vector<shared_text> shares;
  struct origin {
    const vhost* host;
    bool is_closed;  // not served: what keeps its name from others
  };
  std::vector<origin> origins;  // of the shares
  std::string live;
  bool has_live = false;
  std::function<bool()> has_news;
};

publisher::publisher(const std::filesystem::path& output, render_options options, publisher_tools tools)
    : output_(output), options_(std::move(options)), tools_(std::move(tools)) {}

asio::awaitable<outcome> publisher::publish(std::shared_ptr<const plan> plan, bool insist,
                                            std::function<bool()> has_news) {
  auto result = outcome::failed;
  try {
    if (insist) {
      refused_.clear();
      options_.frame = {};
      wanted_defaults_ = options_.defaults = {};
    }
    if ((insist || !knows_features_) && tools_.ask_features) {
      options_.nginx = co_await tools_.ask_features();
      knows_features_ = true;
    }
    if (plan->defaults != wanted_defaults_) {
      const auto judged = co_await judge(plan->defaults);
      note_defaults(plan->defaults, judged);
    }
    round now{.plan = std::move(plan),
              .shares = {},
              .origins = {},
              .live = {},
              .has_live = false,
              .has_news = std::move(has_news)};
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

// The shares to be judged: of a host that nginx has refused, what keeps its name from others, unless that was refused,
// too. What is refused and no host's any more is forgotten.
void publisher::gather_shares(round& now) {
  std::set<host_text> still_refused;
  now.shares.clear();
  now.origins.clear();
  auto all = book_.render(now.plan->vhosts, options_);
  now.shares.reserve(all.size());
  now.origins.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto share = std::move(all[i]);
    const bool is_refused = !refused_.empty() && refused_.contains(*share);
    if (is_refused) {
      auto closed = render_closed_name(now.plan->vhosts[i], now.plan->vhosts, options_);
      still_refused.insert(*share);
      if (!closed) continue;
      if (refused_.contains(*closed)) {
        still_refused.insert(std::move(*closed));
        continue;
      }
      share = std::make_shared<const host_text>(std::move(*closed));
    }
    now.shares.push_back(std::move(share));
    now.origins.push_back({&now.plan->vhosts[i], is_refused});
  }
  refused_ = std::move(still_refused);
}

// Some of them can be closed instead of being left out.
bool publisher::note_left_out(const round& now, const put_in_place& action) {
  bool can_close = false;
  for (const auto& [index, message] : action.left_out) {
    const auto& share = now.shares[index];
    const auto& vhost = *now.origins[index].host;
    refused_.insert(*share);
    if (now.origins[index].is_closed) continue;  // the host itself was told of
    can_close = can_close || render_closed_name(vhost, now.plan->vhosts, options_).has_value();
    log(level::error,
        "nginx refuses the host " + vhost.host.text + " of " + join(vhost.containers) + ", it is left out: " + message);
  }
  return can_close;
}

asio::awaitable<outcome> publisher::carry_out(round& now) {
  auto live = output_.read();
  now.has_live = live.has_value();
  now.live = std::move(live).value_or("");
  publish_action action;
  for (bool again = true; again;) {
    gather_shares(now);
    publication publication(options_, now.shares, now.live);
    action = publication.start();
    while (const auto* judge = std::get_if<judge_text>(&action)) {
      const auto candidate = output_.stage(judge->text);
      const auto verdict = co_await tools_.ask_nginx(candidate, judge->scope);
      action = publication.resume(verdict);
    }
    note_frame(publication.accepted_frame());
    const auto* found = std::get_if<put_in_place>(&action);
    again = found != nullptr && note_left_out(now, *found);
  }
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
  log(level::info, "published " + std::to_string(std::ranges::count(now.origins, false, &round::origin::is_closed)) +
                       " hosts to " + output_.path());
  return outcome::published;
}

bool publisher::has_new_port(const round& now) const {
  return std::ranges::any_of(now.shares, [this](const shared_text& share) {
    const auto is_new = [&](std::uint16_t port) { return port != 0 && !ports_.contains(port); };
    return is_new(share->external.http) || is_new(share->external.https);
  });
}

// What became of it. News waits where a port is new: one that nginx cannot have would keep what is new out, too.
asio::awaitable<confirmation> publisher::confirm(const round& now) {
  const auto generation = tools_.confirm ? generation_of(output_.read().value_or("")) : std::string();
  if (generation.empty()) co_return confirmation::served;
  const auto found = co_await tools_.confirm(generation, has_new_port(now) ? std::function<bool()>() : now.has_news);
  if (found != confirmation::outdated && std::exchange(said_, found) != found) {
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
      if (share->external != site::external_ports{} && !refused_.contains(*share))
        ports_.insert({share->external.http, share->external.https});
    }
  }
  co_return found;
}

void publisher::refuse_new_ports(const round& now) {
  for (std::size_t i = 0; i < now.shares.size(); ++i) {
    const auto& share = *now.shares[i];
    for (const auto port : {share.external.http, share.external.https}) {
      if (port == 0 || ports_.contains(port) || !refused_.insert(share).second) continue;
      log(level::error, "nginx does not get port " + std::to_string(port) + " of the host " +
                            now.origins[i].host->host.text + " of " + join(now.origins[i].host->containers) +
                            ", it is left out");
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
  const auto found = co_await confirm(now);
  if (found == confirmation::stale) co_return outcome::failed;
  if (found != confirmation::outdated) output_.clear_owed_reload();
  co_return written == outcome::unchanged ? outcome::published : written;
}

}  // namespace heberg::proxy
