// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/publisher.h"

#include "base/join.h"
#include "program/log.h"
#include "proxy-render/nginx/listened_ports.h"
#include "proxy-render/render/generation.h"
#include "proxy-render/render/render.h"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace heberg::proxy {
namespace {

namespace asio = boost::asio;

// Files that change without end must not keep what is new from being served.
constexpr int k_lists_again_max = 5;

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
    if (insist || co_await is_foreign_fault_gone()) begin_anew();
    if (!knows_features_ && tools_.ask_features) {
      options_.nginx = co_await tools_.ask_features();
      knows_features_ = true;
    }
    if (plan->defaults != wanted_defaults_) {
      const auto judged = co_await judge(plan->defaults);
      const bool is_refused = !judged.refused.empty() || !judged.foreign_fault.empty();
      if (is_refused && must_list_again(*plan)) {
        output_.discard();
        co_return outcome::files_changed;
      }
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
    if (result == outcome::published || result == outcome::unchanged) result = co_await reload(now, result);
  } catch (const boost::system::system_error&) {
    throw;  // cancelled: we are to end
  } catch (const std::exception& error) {
    output_.discard();
    log(level::error, std::string("not published: ") + error.what());
    result = outcome::failed;
  }
  if (result != outcome::files_changed) lists_again_ = 0;
  co_return result;
}

// What nginx refuses while a file is not as it was listed is the fault of no host: what is there now is to be judged.
bool publisher::must_list_again(const struct plan& plan) {
  if (!tools_.find_changed_file || lists_again_ == k_lists_again_max) return false;
  const auto changed = tools_.find_changed_file(plan);
  if (!changed) return false;
  ++lists_again_;
  log(level::info, *changed + " was removed or replaced while nginx judged the configuration: listing the files again");
  return true;
}

// What nginx has said counts no more. The reload is owed at once, whatever becomes of this attempt.
void publisher::begin_anew() {
  refused_.clear();
  suspects_.clear();
  options_.frame = {};
  wanted_defaults_ = options_.defaults = {};
  knows_features_ = false;
  if (tools_.reload) output_.owe_reload();
}

// While nginx refuses its own configuration, ours is judged alone: what it refused then, for a map that is there or a
// zone, it may take in the whole. So it is asked what showed the fault, ours without a host.
asio::awaitable<bool> publisher::is_foreign_fault_gone() {
  if (foreign_fault_.empty()) co_return false;
  const auto candidate = output_.stage(compose({}, options_));
  const auto said = co_await tools_.ask_nginx(candidate, scope::whole);
  if (said.kind != verdict::kind::accepted) co_return false;
  log(level::info, "nginx takes its configuration outside of " + output_.path() + " again");
  foreign_fault_.clear();
  co_return true;
}

void publisher::note_foreign_fault(const std::string& fault) {
  if (!fault.empty() && fault != foreign_fault_)
    log(level::error, "nginx refuses its configuration for a reason outside of " + output_.path() + ": " + fault);
  foreign_fault_ = fault;
}

asio::awaitable<judged_defaults> publisher::judge(const default_files& wanted) {
  return judge_defaults(wanted, options_, [this](const std::string& text, enum scope scope) {
    return tools_.ask_nginx(output_.stage(text), scope);
  });
}

void publisher::note_defaults(const default_files& wanted, const judged_defaults& judged) {
  for (const auto& fault : judged.refused)
    log(level::error, "nginx refuses " + fault.path + ", all hosts are served without it: " + fault.reason);
  if (!judged.foreign_fault.empty()) note_foreign_fault(judged.foreign_fault);
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
    if (!share->fault.empty() && refused_.insert(*share).second)
      log(level::error, "what cannot be said to nginx is left out: " + share->fault);
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
bool publisher::note_left_out(const round& now, const refused_hosts& left_out) {
  bool can_close = false;
  for (const auto& [index, message] : left_out) {
    const auto& share = now.shares[index];
    const auto& vhost = *now.origins[index].host;
    refused_.insert(*share);
    if (now.origins[index].is_closed) continue;  // the host itself was told of
    can_close = can_close || render_closed_name(vhost, now.plan->vhosts, options_).has_value();
    log(level::error, "nginx refuses the host " + vhost.host.text + " of " + join(vhost.containers, ", ") +
                          ", it is left out: " + message);
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
      if (verdict.kind == verdict::kind::refused && must_list_again(*now.plan)) co_return outcome::files_changed;
      action = publication.resume(verdict);
    }
    note_frame(publication.accepted_frame());
    const auto* found = std::get_if<put_in_place>(&action);
    again = found != nullptr && note_left_out(now, found->left_out);
  }
  if (const auto* put_action = std::get_if<put_in_place>(&action)) co_return put(now, *put_action);
  const auto& keep = std::get<keep_old>(action);
  if (keep.unchanged) co_return outcome::unchanged;
  log(level::error, "not published, the old configuration stays: " + keep.reason);
  static_cast<void>(note_left_out(now, keep.left_out));
  co_return keep.left_out.empty() ? outcome::kept : outcome::failed;
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
  note_foreign_fault(action.foreign_fault);
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

// A port of the share's own that nginx was not seen to have; 0: none. https's it listens on only where somebody has a
// certificate, and the share's text says so.
std::uint16_t publisher::find_new_port(const host_text& share) const {
  if (share.external == site::external_ports{}) return 0;
  for (const auto port : list_listened_ports(share.blocks)) {
    if (port != options_.http_port && port != options_.https_port && !ports_.contains(port)) return port;
  }
  return 0;
}

// Once, before nginx is told of a first text: what it has from before, where it serves what was in place.
asio::awaitable<void> publisher::learn_ports(const round& now) {
  if (std::exchange(knows_ports_, true) || !tools_.confirm) co_return;
  auto ports = list_listened_ports(now.live);
  ports.erase(options_.http_port);
  ports.erase(options_.https_port);
  const auto generation = generation_of(now.live);
  if (ports.empty() || generation.empty()) co_return;
  const std::function<bool()> at_once = [] { return true; };
  const auto found = co_await tools_.confirm(generation, at_once);
  if (found == confirmation::served) ports_ = std::move(ports);
}

// Each once, until another is found.
void publisher::say_what_is_served(confirmation found) {
  if (found == confirmation::outdated || std::exchange(said_, found) == found) return;
  if (found == confirmation::served) log(level::info, "nginx serves what is published again");
  if (found == confirmation::stale)
    log(level::error, "nginx was told to reload, and still serves an older configuration: its error log says why");
  if (found == confirmation::silent)
    log(level::warning,
        "nothing answers on our port of 127.0.0.1: whether nginx serves what is published is not known");
}

// What became of it. News waits where a port is new: one that nginx cannot have would keep what is new out, too. Where
// one piece of news follows the other, nobody waits long for any of them: that nothing is served for long is said all
// the same.
asio::awaitable<confirmation> publisher::confirm(const round& now) {
  const auto live = tools_.confirm ? output_.read().value_or("") : std::string();
  const auto generation = generation_of(live);
  if (generation.empty()) co_return confirmation::served;
  if (!unserved_since_) unserved_since_ = tools_.now();
  const bool has_new_port = std::ranges::any_of(now.shares, [this](const auto& s) { return find_new_port(*s) != 0; });
  const auto found = co_await tools_.confirm(generation, has_new_port ? std::function<bool()>() : now.has_news);
  const bool is_late = tools_.now() - *unserved_since_ >= k_confirm_patience;
  say_what_is_served(found == confirmation::outdated && is_late ? confirmation::stale : found);
  if (found == confirmation::served || found == confirmation::silent) unserved_since_.reset();
  if (found == confirmation::served) ports_ = list_listened_ports(live);
  co_return found;
}

// One of several owners is to blame, and which is not known: each is tried again by itself, later. An owner alone is.
void publisher::refuse_new_ports(const round& now) {
  std::map<std::string, std::set<host_text>> refused;
  for (std::size_t i = 0; i < now.shares.size(); ++i) {
    const auto& share = *now.shares[i];
    const auto port = find_new_port(share);
    if (port == 0 || !refused_.insert(share).second) continue;
    const auto& vhost = *now.origins[i].host;
    refused[vhost.owner].insert(share);
    log(level::error, "nginx does not get port " + std::to_string(port) + " of the host " + vhost.host.text + " of " +
                          join(vhost.containers, ", ") + ", or another new one: it is left out");
  }
  if (refused.size() < 2) return;
  for (auto& [owner, shares] : refused) suspects_[owner].merge(shares);
}

// True where there was one.
bool publisher::readmit_suspect() {
  if (suspects_.empty()) return false;
  const auto owner = suspects_.begin();
  log(level::info, "the ports of " + site::printable(owner->first) + " are tried again, by themselves");
  for (const auto& share : owner->second) refused_.erase(share);
  suspects_.erase(owner);
  return true;
}

asio::awaitable<outcome> publisher::reload(const round& now, outcome written) {
  if (!tools_.reload) co_return written;
  if (written == outcome::unchanged && !output_.owes_reload()) co_return written;
  output_.owe_reload();
  co_await learn_ports(now);
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
  if (found == confirmation::stale) {
    if (must_list_again(*now.plan)) co_return outcome::files_changed;
    refuse_new_ports(now);
    co_return outcome::failed;
  }
  if (found != confirmation::outdated) output_.clear_owed_reload();
  if (found == confirmation::served && readmit_suspect()) co_return outcome::failed;
  co_return written == outcome::unchanged ? outcome::published : written;
}

}  // namespace heberg::proxy
