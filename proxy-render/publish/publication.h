// SPDX-License-Identifier: LGPL-2.1-or-later
// How one new text gets into place, as a state machine without files or processes: start() and resume() say what to do
// next, the caller does it and comes back with nginx's verdict. Rules:
//   Equal to the live text: nothing is done.
//   nginx judges every text before it is put into place. Accepted: it is put there.
//   Refused because of a directive that the sysadmin's own configuration has too (frame): ours gives way, once more.
//   Refused even without a single host: the fault is not ours. Then ours is judged alone and put into place, so that it
//   is there
//     when the other fault is mended; the fault is reported.
//   Refused because of some hosts: they are found by halving, left out and reported; all others are served. What is put
//   into
//     place is always a text that nginx has accepted.
//   nginx is not installed here (it is in another container): the text is put into place unjudged, and that is said.
//   More hosts are refused than a search of some length finds: the old text stays, and the next search begins without
//     those that were found.
//   nginx could not be asked (no answer in time): the old text stays.
#pragma once

#include "proxy-render/nginx/config_test.h"
#include "proxy-render/render/host_config.h"
#include "proxy-render/render/render_options.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace heberg::proxy {

// What to do next.
struct judge_text {
  std::string text;
  enum scope scope = scope::whole;
};

using refused_hosts = std::vector<std::pair<std::size_t, std::string>>;  // with nginx's message

struct put_in_place {
  std::string text;  // may be the live one, where hosts were left out again
  refused_hosts left_out;
  std::string foreign_fault;  // nginx's message about what is not ours
  bool unjudged = false;
};

struct keep_old {
  bool unchanged = false;
  std::string reason;           // where it is not just unchanged
  refused_hosts left_out = {};  // what a search that was too long has found: the next one is shorter without them
};

using publish_action = std::variant<judge_text, put_in_place, keep_old>;

class publication {
 public:
  // hosts: their shares. live: the text in place; it outlives this object.
  publication(render_options options, std::vector<shared_text> hosts, std::string_view live);

  [[nodiscard]] publish_action start();
  [[nodiscard]] publish_action resume(const verdict& verdict);

  // What nginx has accepted of the frame; to begin the next publication with.
  [[nodiscard]] const frame& accepted_frame() const noexcept { return options_.frame; }

 private:
  struct range {
    std::size_t begin = 0, end = 0;
  };
  enum class step { everything, nothing, everything_alone, halves };

  [[nodiscard]] judge_text judge_everything();
  [[nodiscard]] publish_action judge_next_range();
  [[nodiscard]] publish_action resume_everything(const verdict& verdict);
  [[nodiscard]] publish_action resume_halves(const verdict& verdict);
  [[nodiscard]] publish_action finish(std::string text);
  [[nodiscard]] std::string text_with(const range& extra) const;
  void halve(const range& whole);

  render_options options_;
  std::vector<shared_text> hosts_;
  std::string_view live_;

  step step_ = step::everything;
  enum scope scope_ = scope::whole;
  std::string judged_;         // the text that nginx has now
  std::string first_message_;  // about everything
  std::string foreign_fault_;
  std::vector<bool> accepted_;  // hosts
  std::vector<range> waiting_;  // to be judged, the next one last
  range current_;
  refused_hosts left_out_;
  std::size_t judgements_ = 0;
};

}  // namespace heberg::proxy
