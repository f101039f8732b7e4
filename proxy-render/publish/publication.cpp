// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/publish/publication.h"

#include "proxy-render/render/client_limits.h"
#include "proxy-render/render/render.h"

namespace heberg::proxy {
namespace {

// Ten bad hosts among ten thousand take about 270 tests. Beyond that something may be wrong that no binary search finds;
// or one container has hundreds of bad names: they are found in several searches.
constexpr std::size_t k_judgements_max = 400;

// nginx's messages in 1.22 to 1.27: "a duplicate default server for 0.0.0.0:80 in …", "\"server_names_hash_max_size\"
// directive is duplicate in …". True where something was given up.
bool give_up_lines(preamble_lines& lines, std::string_view message) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (lines.default_server && says("duplicate default server")) {
    lines.default_server = false;
    return true;
  }
  if (lines.hash_sizes && says("\"server_names_hash_") && says("directive is duplicate")) {
    lines.hash_sizes = false;
    return true;
  }
  return give_up_limit(lines, message);
}

}  // namespace

publication::publication(render_options options, std::vector<shared_config> hosts, std::string_view live)
    : options_(std::move(options)), hosts_(std::move(hosts)), live_(live), accepted_(hosts_.size(), false) {}

std::string publication::text_with(const range& extra) const {
  std::vector<shared_config> included;
  included.reserve(hosts_.size());
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if (accepted_[i] || (i >= extra.begin && i < extra.end)) included.push_back(hosts_[i]);
  }
  return compose(included, options_);
}

judge_text publication::judge_everything() {
  judged_ = text_with({0, hosts_.size()});
  return {judged_, scope_};
}

publish_action publication::start() {
  auto next = judge_everything();
  if (next.text == live_) return keep_old{.unchanged = true, .reason = {}};
  return next;
}

publish_action publication::finish(std::string text) {
  return put_in_place{std::move(text), std::move(left_out_), std::move(foreign_fault_), false};
}

publish_action publication::resume(const config_test_result& result) {
  if (result.kind == config_test_result::kind::failed) return keep_old{.unchanged = false, .reason = result.message};
  if (result.kind == config_test_result::kind::not_installed) {
    // In the middle of a search (nginx is being removed) the text at hand may be a bad one.
    if (judgements_ > 0) return keep_old{.unchanged = false, .reason = result.message};
    return put_in_place{std::move(judged_), {}, {}, true};
  }
  if (++judgements_ > k_judgements_max) {
    return keep_old{.unchanged = false,
                    .reason = "too many hosts are refused; the first message: " + first_message_,
                    .left_out = std::move(left_out_)};
  }
  const bool accepted = result.kind == config_test_result::kind::accepted;
  switch (step_) {
    case step::everything:
      return resume_everything(result);
    case step::nothing:
      if (accepted) {
        halve({0, hosts_.size()});
        step_ = step::halves;
        return judge_next_range();
      }
      foreign_fault_ = result.message;
      scope_ = test_scope::alone;
      step_ = step::everything_alone;
      return judge_everything();
    case step::everything_alone:
      if (accepted) return finish(std::move(judged_));
      if (hosts_.empty()) return keep_old{.unchanged = false, .reason = result.message};
      halve({0, hosts_.size()});
      step_ = step::halves;
      return judge_next_range();
    case step::halves:
      break;
  }
  return resume_halves(result);
}

publish_action publication::resume_everything(const config_test_result& result) {
  if (result.kind == config_test_result::kind::accepted) return finish(std::move(judged_));
  if (give_up_lines(options_.preamble, result.message)) {
    auto next = judge_everything();
    if (next.text == live_) return keep_old{.unchanged = true, .reason = {}};
    return next;
  }
  first_message_ = result.message;
  step_ = step::nothing;
  judged_ = text_with({});
  return judge_text{judged_, scope_};
}

// nginx refuses this range: both halves are to be tested, the left one first. A range of one host has no halves.
void publication::halve(const range& whole) {
  const auto middle = whole.begin + (whole.end - whole.begin) / 2;
  if (middle < whole.end) waiting_.push_back({middle, whole.end});
  if (whole.begin < middle) waiting_.push_back({whole.begin, middle});
}

publish_action publication::judge_next_range() {
  if (waiting_.empty()) return finish(text_with({}));
  current_ = waiting_.back();
  waiting_.pop_back();
  judged_ = text_with(current_);
  return judge_text{judged_, scope_};
}

publish_action publication::resume_halves(const config_test_result& result) {
  if (result.kind == config_test_result::kind::accepted) {
    for (auto i = current_.begin; i < current_.end; ++i) accepted_[i] = true;
  } else if (current_.end - current_.begin == 1) {
    left_out_.emplace_back(current_.begin, result.message);
  } else {
    halve(current_);
  }
  return judge_next_range();
}

}  // namespace heberg::proxy
