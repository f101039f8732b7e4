// SPDX-License-Identifier: LGPL-2.1-or-later
// How one new text gets into place, as a state machine without files or processes: start() and resume() return what to
// do next, the caller does it and comes back with the result of `nginx -t`. Rules:
//   The text equals the live one: nothing is done.
//   nginx accepts the text: it is put into place. A text that nginx refuses never is.
//   nginx refuses it for a directive that the sysadmin's own configuration has, too (preamble_lines): ours is left out,
//     and the text is tested again.
//   nginx refuses it even without a single host: the fault is outside of our text. Our text is tested alone and put into
//     place, so that it is there when the other fault is repaired; the fault is reported.
//   nginx refuses it for some hosts: a binary search finds them, they are left out and reported; all others are served.
//   More hosts are refused than a search of limited length finds: the old text stays, and the next search begins without
//     the hosts that were found.
//   nginx is not installed here (it is in another container): the text is put into place untested, which is reported.
//   nginx could not be run, or did not answer in time: the old text stays.
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
  test_scope scope = test_scope::whole;
};

using refused_hosts = std::vector<std::pair<std::size_t, std::string>>;  // with nginx's message

struct put_in_place {
  std::string text;  // may be the live one, where hosts were left out again
  refused_hosts left_out;
  std::string foreign_fault;  // nginx's message about its own configuration
  bool unjudged = false;
};

struct keep_old {
  bool unchanged = false;
  std::string reason;           // unless it is just unchanged
  refused_hosts left_out = {};  // found by a search that was too long: the next one is shorter without them
};

using publish_action = std::variant<judge_text, put_in_place, keep_old>;

class publication {
 public:
  // live: the text in place; it outlives this object.
  publication(render_options options, std::vector<shared_config> hosts, std::string_view live);

  [[nodiscard]] publish_action start();
  [[nodiscard]] publish_action resume(const config_test_result& result);

  // The lines of the preamble that nginx has accepted; the next publication begins with them.
  [[nodiscard]] const preamble_lines& accepted_preamble() const noexcept { return options_.preamble; }

 private:
  struct range {
    std::size_t begin = 0, end = 0;
  };
  enum class step { everything, nothing, everything_alone, halves };

  [[nodiscard]] judge_text judge_everything();
  [[nodiscard]] publish_action judge_next_range();
  [[nodiscard]] publish_action resume_everything(const config_test_result& result);
  [[nodiscard]] publish_action resume_halves(const config_test_result& result);
  [[nodiscard]] publish_action finish(std::string text);
  [[nodiscard]] std::string text_with(const range& extra) const;
  void halve(const range& whole);

  render_options options_;
  std::vector<shared_config> hosts_;
  std::string_view live_;

  step step_ = step::everything;
  test_scope scope_ = test_scope::whole;
  std::string judged_;         // the text under test
  std::string first_message_;  // about everything
  std::string foreign_fault_;
  std::vector<bool> accepted_;  // hosts
  std::vector<range> waiting_;  // to be tested, the next one last
  range current_;
  refused_hosts left_out_;
  std::size_t judgements_ = 0;
};

}  // namespace heberg::proxy
