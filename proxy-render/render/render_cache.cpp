// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/render/render_cache.h"

#include "proxy-render/render/render.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace heberg::proxy {
namespace {

// What cannot be said to nginx should not have come so far: one that has costs its own host, not everybody's text.
host_text render_share(const vhost& vhost, const render_options& options, bool as_line) {
  try {
    return as_line ? render_line(vhost) : render_blocks(vhost, options);
  } catch (const std::invalid_argument& error) {
    return {.name = {}, .address = {}, .blocks = {}, .fault = site::printable(vhost.host.text) + ": " + error.what()};
  }
}

}  // namespace

std::vector<share_book::entry*> share_book::look_up(const vhost_list& vhosts) {
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

void share_book::forget_those_gone(std::size_t present) {
  if (known_.size() == present) return;
  std::erase_if(known_, [this](const auto& known) { return known.second.seen != round_; });
}

std::vector<shared_text> share_book::render(const vhost_list& vhosts, const render_options& all_options) {
  auto options = all_options;
  options.speaks_tls = speaks_tls(vhosts);
  const auto entries = look_up(vhosts);
  const bool in_lines =
      static_cast<std::size_t>(std::ranges::count_if(entries, &entry::is_plain)) >= options.many_hosts;
  // Until all are made: whatever is thrown on the way, the next round makes them all anew.
  const bool is_as_before = std::exchange(with_, std::nullopt) == options && in_lines == in_lines_;

  std::vector<shared_text> shares;
  shares.reserve(entries.size());
  for (auto* known : entries) {
    if (!is_as_before || !known->text) {
      known->text =
          std::make_shared<const host_text>(render_share(*known->vhost, options, in_lines && known->is_plain));
    }
    shares.push_back(known->text);
  }
  with_ = std::move(options);
  in_lines_ = in_lines;
  forget_those_gone(entries.size());
  return shares;
}

std::vector<shared_text> render_hosts(const vhost_list& vhosts, const render_options& options) {
  return share_book().render(vhosts, options);
}

std::string render(const vhost_list& vhosts, const render_options& options) {
  return compose(render_hosts(vhosts, options), options);
}

}  // namespace heberg::proxy
