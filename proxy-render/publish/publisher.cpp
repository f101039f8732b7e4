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
  host_filter::selection hosts;
  std::string live;
  bool has_live = false;
  std::function<bool()> has_news;
};

publisher::publisher(const std::filesystem::path& output, render_options options, publisher_tools tools)
    : output_(output),
      options_(std::move(options)),
      tools_(std::move(tools)),
      ports_(options_.http_port, options_.https_port),
      reloader_({.reload = tools_.reload,
                 .confirm = tools_.confirm,
                 .now = tools_.now,
                 .count_workers = tools_.count_workers,
                 .max_generations = tools_.max_generations}) {}

asio::awaitable<publish_status> publisher::publish(std::shared_ptr<const plan> plan, bool force,
                                                   std::function<bool()> has_news, bool is_urgent) {
  is_urgent_ = is_urgent_ || is_urgent;
  auto result = publish_status::failed;
  try {
    if (force || co_await is_foreign_fault_gone()) begin_anew();
    co_await learn_features();
    round now{.plan = std::move(plan), .hosts = {}, .live = {}, .has_live = false, .has_news = std::move(has_news)};
    const bool are_listed = co_await take_defaults(*now.plan);
    result = publish_status::files_changed;
    if (are_listed) result = co_await write(now);
    output_.discard();
    write_closed();
    if (result == publish_status::published || result == publish_status::unchanged)
      result = co_await reload(now, result);
  } catch (const boost::system::system_error&) {
    throw;  // cancelled: the daemon stops
  } catch (const std::exception& error) {
    output_.discard();
    log(level::error, std::string("not published: ") + error.what());
    result = publish_status::failed;
  }
  if (result != publish_status::files_changed) lists_again_ = 0;
  co_return result;
}

// What nginx has refused is tested again. The reload is pending at once, whatever becomes of this attempt.
void publisher::begin_anew() {
  filter_.forget_all();
  ports_.forget_retrials();
  options_.preamble = {};
  wanted_defaults_ = options_.defaults = {};
  knows_features_ = false;
  if (reloader_.is_enabled()) output_.set_reload_pending();
}

std::string publisher::closed_path() const {
  const std::filesystem::path output = output_.path();
  return (output.parent_path() / ("." + output.filename().string() + ".closed")).string();
}

// Beside the text: what an nginx that is started serves until the text is confirmed.
void publisher::write_closed() {
  auto text = compose({}, options_);
  if (text == closed_) return;
  try {
    replace_file(closed_path(), text);
    closed_ = std::move(text);
  } catch (const std::exception& error) {
    log(level::warning, std::string("what nginx answers while it starts was not written: ") + error.what());
  }
}

bool publisher::is_closed() const {
  try {
    const auto live = output_.read();
    return live && live == output_file(closed_path()).read();
  } catch (const std::exception&) {
    return true;  // not known to be anything else
  }
}

void publisher::close() {
  if (!output_.read()) return;
  replace_file(output_.path(), output_file(closed_path()).read().value_or(compose({}, options_)));
  output_.set_reload_pending();
}

asio::awaitable<void> publisher::learn_features() {
  if (knows_features_ || !tools_.ask_features) co_return;
  options_.nginx = co_await tools_.ask_features();
  knows_features_ = true;
}

// While nginx refuses its own configuration, ours is tested alone: what it refused then, for a map or a
// zone of that configuration, it may accept in the whole. So the text that showed the fault is tested, ours without a
// host.
asio::awaitable<bool> publisher::is_foreign_fault_gone() {
  if (foreign_fault_.empty()) co_return false;
  const auto candidate = output_.stage(compose({}, options_));
  const auto result = co_await tools_.test_config(candidate, test_scope::whole);
  if (result.kind != config_test_result::kind::accepted) co_return false;
  log(level::info, "nginx accepts its configuration outside of " + output_.path() + " again");
  foreign_fault_.clear();
  co_return true;
}

void publisher::note_foreign_fault(const std::string& fault) {
  if (!fault.empty() && fault != foreign_fault_)
    log(level::error, "nginx refuses its configuration for a reason outside of " + output_.path() + ": " + fault);
  foreign_fault_ = fault;
}

// A refusal while a file is not as it was listed is the fault of no host: the files are to be listed and tested again.
bool publisher::must_list_again(const struct plan& plan) {
  if (!tools_.find_changed_file || lists_again_ == k_lists_again_max) return false;
  const auto changed = tools_.find_changed_file(plan);
  if (!changed) return false;
  ++lists_again_;
  log(level::info, *changed + " was removed or replaced while nginx tested the configuration: listing the files again");
  return true;
}

asio::awaitable<bool> publisher::take_defaults(const struct plan& plan) {
  if (plan.defaults == wanted_defaults_) co_return true;
  const config_tester ask = [this](const std::string& text, test_scope scope) {
    return tools_.test_config(output_.stage(text), scope);
  };
  const auto judged = co_await judge_defaults(plan.defaults, options_, ask);
  const bool is_refused = !judged.refused.empty() || !judged.foreign_fault.empty();
  if (is_refused && must_list_again(plan)) co_return false;
  for (const auto& fault : judged.refused)
    log(level::error, "nginx refuses " + fault.path + ", all hosts are served without it: " + fault.reason);
  if (!judged.foreign_fault.empty()) note_foreign_fault(judged.foreign_fault);
  options_.defaults = judged.accepted;
  wanted_defaults_ = plan.defaults;
  co_return true;
}

void publisher::select_hosts(round& now) {
  const auto& hosts = now.plan->vhosts;
  options_.engine_networks = now.plan->engine_networks;
  now.hosts = filter_.select(hosts, cache_.render(hosts, options_), options_);
  for (const auto& fault : now.hosts.new_faults)
    log(level::error, "a host cannot be rendered, and is left out: " + fault);
}

// True: some of them can be closed instead of being left out.
bool publisher::note_left_out(const round& now, const refused_hosts& left_out) {
  bool can_close = false;
  for (const auto& [index, message] : left_out) {
    const auto& vhost = *now.hosts.origins[index].host;
    filter_.refuse(*now.hosts.configs[index]);
    if (now.hosts.origins[index].is_closed) continue;  // it was logged when the host itself was refused
    can_close = can_close || render_closed_name(vhost, now.plan->vhosts, options_).has_value();
    log(level::error, "nginx refuses the host " + vhost.host.text + " of " + join(vhost.containers, ", ") +
                          ", it is left out: " + message);
  }
  return can_close;
}

asio::awaitable<std::optional<publish_action>> publisher::find_text(round& now) {
  for (;;) {
    select_hosts(now);
    publication publication(options_, now.hosts.configs, now.live);
    auto action = publication.start();
    while (const auto* judge = std::get_if<judge_text>(&action)) {
      const auto candidate = output_.stage(judge->text);
      const auto result = co_await tools_.test_config(candidate, judge->scope);
      if (result.kind == config_test_result::kind::refused && must_list_again(*now.plan)) co_return std::nullopt;
      action = publication.resume(result);
    }
    note_preamble(publication.accepted_preamble());
    const auto* found = std::get_if<put_in_place>(&action);
    if (found == nullptr || !note_left_out(now, found->left_out)) co_return action;
  }
}

asio::awaitable<publish_status> publisher::write(round& now) {
  auto live = output_.read();
  now.has_live = live.has_value();
  now.live = std::move(live).value_or("");
  const auto action = co_await find_text(now);
  if (!action) co_return publish_status::files_changed;
  if (const auto* put_action = std::get_if<put_in_place>(&*action)) co_return put(now, *put_action);
  const auto& keep = std::get<keep_old>(*action);
  if (keep.unchanged) co_return publish_status::unchanged;
  log(level::error, "not published, the old configuration stays: " + keep.reason);
  static_cast<void>(note_left_out(now, keep.left_out));
  co_return keep.left_out.empty() ? publish_status::kept : publish_status::failed;
}

void publisher::note_preamble(const preamble_lines& accepted) {
  if (options_.preamble.default_server && !accepted.default_server) {
    log(level::warning,
        "nginx's configuration has a default server of its own on the proxy's port: that one, not heberg's, answers "
        "unknown "
        "host names");
  }
  if (options_.preamble.hash_sizes && !accepted.hash_sizes) {
    log(level::warning,
        "nginx's configuration sets server_names_hash_bucket_size or server_names_hash_max_size itself: "
        "host names of up to 253 bytes need a bucket size of 512");
  }
  for (const auto& name : accepted.limits_given_up) {
    if (std::ranges::find(options_.preamble.limits_given_up, name) == options_.preamble.limits_given_up.end())
      log(level::info, "nginx's configuration sets " + name + " itself: that counts");
  }
  options_.preamble = accepted;
}

publish_status publisher::put(const round& now, const put_in_place& action) {
  note_foreign_fault(action.foreign_fault);
  if (action.unjudged && !std::exchange(logged_untested_, true))
    log(level::warning, "nginx is not installed here: the configuration is published without nginx -t");
  if (now.has_live && action.text == now.live) return publish_status::unchanged;

  static_cast<void>(output_.stage(action.text));
  output_.set_reload_pending();
  output_.commit();
  log(level::info, "published " + std::to_string(now.hosts.count_served()) + " hosts to " + output_.path());
  return publish_status::published;
}

// Once, before nginx is reloaded for the first time: its ports from before, where it serves what was in place.
asio::awaitable<void> publisher::learn_ports(const round& now) {
  if (std::exchange(knows_ports_, true)) co_return;
  auto ports = list_listened_ports(now.live);
  ports.erase(options_.http_port);
  ports.erase(options_.https_port);
  if (ports.empty()) co_return;
  const bool is_served = co_await reloader_.is_served(now.live);
  if (is_served) ports_.note_served(now.live);
}

void publisher::refuse_new_ports(const round& now) {
  std::vector<port_trial::tried_host> hosts;
  hosts.reserve(now.hosts.configs.size());
  for (std::size_t i = 0; i < now.hosts.configs.size(); ++i)
    hosts.push_back({now.hosts.origins[i].host->owner, now.hosts.configs[i]});
  for (const auto& refused : ports_.refuse_new_ports(hosts)) {
    const auto& vhost = *now.hosts.origins[refused.index].host;
    filter_.refuse(*now.hosts.configs[refused.index]);
    log(level::error, "nginx does not get port " + std::to_string(refused.port) + " of the host " + vhost.host.text +
                          " of " + join(vhost.containers, ", ") + ", or another new one: it is left out");
  }
}

// True where there was one.
bool publisher::readmit_retrial() {
  const auto next = ports_.take_retrial();
  if (!next) return false;
  log(level::info, "the ports of " + site::printable(next->owner) + " are tried again, without those of other owners");
  for (const auto& config : next->configs) filter_.readmit(config);
  return true;
}

// The next plan waits where a port is new: a port that nginx does not get would keep that plan from being served, too.
asio::awaitable<publish_status> publisher::reload(const round& now, publish_status written) {
  if (!reloader_.is_enabled()) co_return written;
  const auto live = output_.read().value_or("");
  if (written == publish_status::unchanged && !output_.is_reload_pending()) {
    if (doubts_ == 0) co_return written;
    const bool is_served = co_await reloader_.is_served(live);
    if (is_served) {
      doubts_ = 0;
      co_return written;
    }
  }
  output_.set_reload_pending();
  co_await learn_ports(now);
  const bool has_new_port = std::ranges::any_of(
      now.hosts.configs, [this](const shared_config& config) { return ports_.find_new_port(*config) != 0; });
  auto has_news = has_new_port ? std::function<bool()>() : now.has_news;
  const auto status = co_await reloader_.reload(live, std::move(has_news), is_urgent_);
  switch (status) {
    case activation_status::failed:
      co_return publish_status::failed;
    case activation_status::not_running:
    case activation_status::waiting:
      co_return publish_status::not_reloaded;
    case activation_status::stale:
      if (must_list_again(*now.plan)) co_return publish_status::files_changed;
      refuse_new_ports(now);
      co_return publish_status::failed;
    case activation_status::served:
      if (!generation_of(live).empty()) ports_.note_served(live);
      output_.clear_pending_reload();
      doubts_ = 0;
      is_urgent_ = false;
      if (readmit_retrial()) co_return publish_status::failed;
      break;
    case activation_status::unknown:
      if (doubts_ > 1) {
        --doubts_;
        co_return publish_status::not_reloaded;
      }
      output_.clear_pending_reload();
      doubts_ = 0;
      is_urgent_ = false;
      break;
    case activation_status::superseded:  // the reload is pending until nginx serves a text
      break;
  }
  co_return publish_status::published;
}

}  // namespace heberg::proxy
