// SPDX-License-Identifier: LGPL-2.1-or-later
// Puts a plan into place: renders it, has nginx test the text, renames it, reloads nginx, and says in the log what
// happened. Each step is a part of its own:
//   render_cache.h    the config of each host
//   judge_defaults.h  which of the files for all hosts nginx takes
//   host_filter.h     which hosts nginx has refused
//   publication.h     how the hosts that nginx refuses are found
//   reloader.h        nginx is reloaded, and asked which text it serves
//   port_trial.h      which hosts want a port that nginx does not get
#pragma once

#include "proxy-render/nginx/output_file.h"
#include "proxy-render/plan/vhosts.h"
#include "proxy-render/publish/host_filter.h"
#include "proxy-render/publish/judge_defaults.h"
#include "proxy-render/publish/port_trial.h"
#include "proxy-render/publish/publication.h"
#include "proxy-render/publish/reloader.h"
#include "proxy-render/render/render_cache.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace heberg::proxy {

// The system, as a test may want to replace it. reload, confirm, now,
// count_workers, max_generations: as in reload_tools.
struct publisher_tools {
  std::function<boost::asio::awaitable<config_test_result>(std::string candidate, test_scope)> test_config;
  std::function<boost::asio::awaitable<reload_result>()> reload;              // empty: --no-reload
  std::function<boost::asio::awaitable<nginx_features>()> ask_features = {};  // empty: those of the options hold
  std::function<boost::asio::awaitable<confirmation>(std::string generation, std::function<bool()> has_news)> confirm =
      {};
  // The path of a file of the sysadmin's that is not as it was listed for the plan (changed_files.h). Empty: not asked.
  std::function<std::optional<std::string>(const plan& plan)> find_changed_file = {};
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  std::function<boost::asio::awaitable<std::optional<worker_count>>()> count_workers = {};
  std::size_t max_generations = 0;
};

enum class publish_status {
  unchanged,
  published,     // in place, and nginx was asked to reload (or is not to be)
  not_reloaded,  // in place, but nginx does not run (reload it soon, it may be starting and have read the old text), or
                 // has too many old workers
  kept,          // nginx refuses the text, or could not be asked: the old text stays
  files_changed,  // files were removed or replaced meanwhile: list them again, and publish that plan
  failed,  // not written, nginx not reloaded, or it does not serve the text, or more is to be found out: try again
};

class publisher {
 public:
  publisher(const std::filesystem::path& output, render_options options, publisher_tools tools);

  // The plan's text, into place. `force`: reload nginx even where the text is the same, and ask it anew about hosts it
  // refused, and what it can do. has_news: whether another plan is to be published next; then this one is not waited
  // for until nginx serves it. is_urgent: the plan takes an address away (reloader.h).
  [[nodiscard]] boost::asio::awaitable<publish_status> publish(std::shared_ptr<const plan> plan, bool force,
                                                               std::function<bool()> has_news = {},
                                                               bool is_urgent = false);

  // nginx may have been started anew, and answer 503 for all names until it is reloaded: the next publication finds out.
  void doubt_what_is_served() noexcept { doubts_ = k_doubts; }

  // In place is the text without a host, which nginx serves until the engine was read (--close).
  [[nodiscard]] bool is_closed() const;

  // Puts that text into place; nothing where there is no text yet.
  void close();

 private:
  // An nginx that is being started hears no signal yet, and does not answer. One that never answers is signalled so often.
  static constexpr int k_doubts = 3;

  struct round;  // one publication under way
  void begin_anew();
  [[nodiscard]] boost::asio::awaitable<void> learn_features();
  [[nodiscard]] boost::asio::awaitable<bool> is_foreign_fault_gone();
  void note_foreign_fault(const std::string& fault);
  [[nodiscard]] bool must_list_again(const plan& plan);
  // False: the files are to be listed again.
  [[nodiscard]] boost::asio::awaitable<bool> take_defaults(const plan& plan);
  [[nodiscard]] boost::asio::awaitable<publish_status> write(round& now);
  // Nothing: the files are to be listed again.
  [[nodiscard]] boost::asio::awaitable<std::optional<publish_action>> find_text(round& now);
  void select_hosts(round& now);
  [[nodiscard]] bool note_left_out(const round& now, const refused_hosts& left_out);
  void note_preamble(const preamble_lines& accepted);
  [[nodiscard]] publish_status put(const round& now, const put_in_place& action);
  [[nodiscard]] boost::asio::awaitable<publish_status> reload(const round& now, publish_status written);
  [[nodiscard]] boost::asio::awaitable<void> learn_ports(const round& now);
  void refuse_new_ports(const round& now);
  [[nodiscard]] bool readmit_retrial();
  [[nodiscard]] std::string closed_path() const;
  void write_closed();

  output_file output_;
  render_options options_;
  publisher_tools tools_;
  render_cache cache_;
  host_filter filter_;
  port_trial ports_;
  reloader reloader_;
  default_files wanted_defaults_;  // options_.defaults are those of them that nginx takes
  std::string foreign_fault_;      // logged already; what nginx refuses meanwhile is tested again later
  int lists_again_ = 0;            // in a row
  bool knows_ports_ = false;
  bool knows_features_ = false;
  bool logged_untested_ = false;
  int doubts_ = 0;          // how often a reload without an answer is repeated
  bool is_urgent_ = false;  // a reload that takes an address away is pending
  std::string closed_;      // the text without a host, as it was written
};

}  // namespace heberg::proxy
