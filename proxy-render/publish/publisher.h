// SPDX-License-Identifier: LGPL-2.1-or-later
// Carries out what publish.h decides: renders a plan, stages, asks nginx, renames, reloads, and says in the log what
// happened. Hosts that nginx has refused once are left out from then on, until their share of the text changes; their
// names answer 503 meanwhile, so that no wildcard of another owner's gets them. A port that another program has is
// found out late: `nginx -t` passes over it, and the master then keeps its old configuration as a whole. So a host
// whose port is new when that happens is refused, too; where that hits several owners, each is tried again by itself.
#pragma once

#include "proxy-render/nginx/output_file.h"
#include "proxy-render/nginx/reload.h"
#include "proxy-render/plan/vhosts.h"
#include "proxy-render/publish/confirm.h"
#include "proxy-render/publish/judge_defaults.h"
#include "proxy-render/publish/publication.h"
#include "proxy-render/render/render_cache.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace heberg::proxy {

// The world, as a test may want to replace it.
struct publisher_tools {
  std::function<boost::asio::awaitable<verdict>(std::string candidate, enum scope)> ask_nginx;
  std::function<boost::asio::awaitable<reload_result>()> reload;              // empty: --no-reload
  std::function<boost::asio::awaitable<nginx_features>()> ask_features = {};  // empty: those of the options hold
  // Whether nginx serves the text of this generation, after some patience, or as far as is known when there is news.
  // Empty: not asked.
  std::function<boost::asio::awaitable<confirmation>(std::string generation, std::function<bool()> has_news)> confirm =
      {};
  // The path of a file of the sysadmin's that is not as it was listed for the plan (changed_files.h). Empty: not asked.
  std::function<std::optional<std::string>(const plan& plan)> find_changed_file = {};
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

enum class outcome {
  unchanged,
  published,      // in place, and nginx has been told (or is not to be told)
  untold,         // in place, but nginx does not run: to be told soon, it may be starting and have read the old text
  kept,           // nginx refuses it, or could not be asked: the old text stays
  files_changed,  // the old text stays: files were removed or replaced meanwhile. List them again, and publish that plan
  failed,         // could not be written, or nginx not be told, or does not serve it, or more is to be found out: to be
                  // tried again
};

class publisher {
 public:
  publisher(const std::filesystem::path& output, render_options options, publisher_tools tools);

  // The plan's text, into place. `insist`: reload nginx even where the text is the same, and ask it anew about hosts it
  // refused, and what it can do.
  // has_news: whether another plan is to be published next; then nobody waits for what became of this one.
  [[nodiscard]] boost::asio::awaitable<outcome> publish(std::shared_ptr<const plan> plan, bool insist,
                                                        std::function<bool()> has_news = {});

 private:
  struct round;  // one publication under way
  [[nodiscard]] boost::asio::awaitable<judged_defaults> judge(const default_files& wanted);
  [[nodiscard]] bool must_list_again(const plan& plan);
  void begin_anew();
  [[nodiscard]] boost::asio::awaitable<bool> is_foreign_fault_gone();
  void note_foreign_fault(const std::string& fault);
  void note_defaults(const default_files& wanted, const judged_defaults& judged);
  void gather_shares(round& now);
  [[nodiscard]] bool note_left_out(const round& now, const refused_hosts& left_out);
  [[nodiscard]] boost::asio::awaitable<outcome> carry_out(round& now);
  [[nodiscard]] outcome put(const round& now, const put_in_place& action);
  [[nodiscard]] boost::asio::awaitable<outcome> reload(const round& now, outcome written);
  [[nodiscard]] boost::asio::awaitable<confirmation> confirm(const round& now);
  void say_what_is_served(confirmation found);
  [[nodiscard]] std::uint16_t find_new_port(const host_text& share) const;
  [[nodiscard]] boost::asio::awaitable<void> learn_ports(const round& now);
  void refuse_new_ports(const round& now);
  [[nodiscard]] bool readmit_suspect();
  void note_frame(const frame& accepted);

  output_file output_;
  render_options options_;
  publisher_tools tools_;
  share_book book_;
  std::set<host_text> refused_;
  default_files wanted_defaults_;                        // options_.defaults are those of them that nginx takes
  std::set<std::uint16_t> ports_;                        // that nginx was seen to have
  std::map<std::string, std::set<host_text>> suspects_;  // refused for a port, to be tried again; by owner
  std::string foreign_fault_;                            // said already; verdicts found meanwhile are not for good
  std::optional<std::chrono::steady_clock::time_point> unserved_since_;  // while a text is in place that is not served
  int lists_again_ = 0;                                                  // in a row
  bool knows_ports_ = false;
  bool knows_features_ = false;
  bool said_unjudged_ = false;
  bool said_not_running_ = false;
  confirmation said_ = confirmation::served;
};

}  // namespace heberg::proxy
