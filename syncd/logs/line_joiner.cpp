// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/line_joiner.h"

#include <algorithm>
#include <utility>

namespace heberg::syncd {
namespace {

// One line stays one line, whatever a log driver hands us: what is on disk is counted in newlines (recovery).
void append_text(std::string& to, std::string_view text) {
  const auto start = to.size();
  to.append(text);
  if (text.find('\n') == std::string_view::npos) return;
  std::replace(to.begin() + static_cast<std::ptrdiff_t>(start), to.end(), '\n', ' ');
}

}  // namespace

join_result line_joiner::take(std::int64_t stamp, std::string_view text, bool ends_line, std::string& out) {
  if (stamp <= cursor_.stamp) return join_result::known;
  if (ends_line) return close(stamp, text, out);
  open_stamp_ = stamp;
  const auto room = std::min(text.size(), k_line_max - open_.size());
  append_text(open_, text.substr(0, room));
  cut_ += text.size() - room;
  return join_result::open;
}

join_result line_joiner::end_line(std::string& out) {
  return is_open() ? close(open_stamp_, {}, out) : join_result::known;
}

join_result line_joiner::close(std::int64_t stamp, std::string_view text, std::string& out) {
  const bool skips = cursor_.skip > 0;
  if (!skips) {
    const auto room = std::min(text.size(), k_line_max - open_.size());
    cut_ += text.size() - room;
    out.append(open_);
    append_text(out, text.substr(0, room));
    if (cut_ > 0) out.append(" [heberg: ").append(std::to_string(cut_)).append(" bytes left out]");
    out += '\n';
  }
  cursor_ = {stamp, skips ? cursor_.skip - 1 : 0};
  drop_open();
  return skips ? join_result::skipped : join_result::line;
}

void line_joiner::drop_open() {
  if (!is_open()) return;
  open_stamp_ = 0;
  cut_ = 0;
  std::string().swap(open_);
}

}  // namespace heberg::syncd
