// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render/render_cache.h"

#include "proxy-render/render/render.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace heberg::proxy {
namespace {

// A value that nginx's language cannot express should have been refused before: it affects its own host alone.
host_config render_config(const vhost& vhost, const render_options& options, bool as_line) {
  try {
    return as_line ? render_line(vhost) : render_blocks(vhost, options);
  } catch (const std::invalid_argument& error) {
    return {.name = {}, .address = {}, .blocks = {}, .fault = site::printable(vhost.host.text) + ": " + error.what()};
  }
}

}  // namespace

std::vector<render_cache::entry*> render_cache::look_up(const vhost_list& vhosts) {
  ++round_;
  std::vector<entry*> entries;
  entries.reserve(vhosts.size());
  for (const auto& vhost : vhosts.shared()) {
    const auto [at, is_new] = known_.try_emplace(vhost.get());
    auto& known = at->second;
    if (is_new) {
      known.vhost = vhost;
      known.is_plain = wants_nothing_special(*vhost);
    }
    known.seen = round_;
    entries.push_back(&known);
  }
  return entries;
}

void render_cache::forget_those_gone(std::size_t present) {
  if (known_.size() == present) return;
  std::erase_if(known_, [this](const auto& known) { return known.second.seen != round_; });
}

std::vector<shared_config> render_cache::render(const vhost_list& vhosts, const render_options& all_options) {
  auto options = all_options;
  options.has_tls = has_certificate(vhosts);
  const auto entries = look_up(vhosts);
  const bool in_lines =
      static_cast<std::size_t>(std::ranges::count_if(entries, &entry::is_plain)) >= options.many_hosts;
  // Until all are rendered: after an exception the next round renders all of them.
  const bool is_as_before = std::exchange(with_, std::nullopt) == options && in_lines == in_lines_;

  std::vector<shared_config> configs;
  configs.reserve(entries.size());
  for (auto* known : entries) {
    if (!is_as_before || !known->text) {
      known->text =
          std::make_shared<const host_config>(render_config(*known->vhost, options, in_lines && known->is_plain));
    }
    configs.push_back(known->text);
  }
  with_ = std::move(options);
  in_lines_ = in_lines;
  forget_those_gone(entries.size());
  return configs;
}

std::vector<shared_config> render_hosts(const vhost_list& vhosts, const render_options& options) {
  return render_cache().render(vhosts, options);
}

std::string render(const vhost_list& vhosts, const render_options& options) {
  return compose(render_hosts(vhosts, options), options);
}

}  // namespace heberg::proxy
