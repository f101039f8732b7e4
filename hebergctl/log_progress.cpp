// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/log_progress.h"

#include "base/beneath.h"
#include "docker/call.h"
#include "docker/log_reader.h"
#include "log_positions/streams.h"
#include "tree/layout.h"

#include <fcntl.h>

#include <algorithm>
#include <functional>
#include <thread>

namespace heberg::ctl {
namespace {

using namespace std::chrono_literals;
using logs::index_of;
using logs::k_log_streams;

// Of both streams together. The last line of each is among them, unless it is old.
constexpr std::uint32_t k_pieces = 50;

class last_line_sink : public docker::log_sink {
 public:
  bool take(const docker::log_piece& piece) override {
    if (piece.ends_line) last[index_of(piece.stream)] = piece.stamp;
    return true;
  }
  last_stamps last{};
};

std::optional<struct stat> stat_log(int root, const std::string& site, docker::log_stream stream) {
  const auto path = site + "/" + tree::k_logs_folder + "/" + logs::log_name(stream);
  const unique_fd file = open_beneath(root, path.c_str(), O_PATH | O_NOFOLLOW);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return status;
}

}  // namespace

std::optional<last_stamps> find_last_lines(std::string_view answer, bool tty) {
  docker::log_decoder decoder(tty);
  last_line_sink sink;
  if (decoder.feed(answer, sink) != docker::log_decoder::state::good) return std::nullopt;
  return sink.last;
}

engine_log fetch_last_lines(const std::string& engine, const std::string& container, bool tty) {
  const auto answer =
      docker::call(engine, docker::method::get,
                   docker::log_target({.container = container, .tty = tty, .tail = k_pieces}), {}, {.timeout = 10s});
  if (answer.is_good()) {
    const auto last = find_last_lines(answer.body, tty);
    return {last, last ? "" : "invalid reply of the Docker engine"};
  }
  if (answer.status == 404) return {};
  return {std::nullopt, answer.reason()};
}

bool is_written(std::int64_t stamp, const std::string& container, docker::log_stream stream,
                const logs::log_positions& known, const std::optional<struct stat>& file) {
  if (stamp == 0) return true;
  const auto taken = known.streams.find({container, stream});
  if (taken == known.streams.end() || taken->second.cursor.stamp < stamp) return false;
  // A position is committed before its lines are written, together with the size that the file will have.
  const auto place = known.files.find({taken->second.site, stream});
  if (place == known.files.end() || !file || file->st_dev != place->second.device ||
      file->st_ino != place->second.inode)
    return true;
  return file->st_size >= place->second.size;
}

std::array<bool, 2> are_written(const last_stamps& last, const std::string& container, const std::string& site,
                                int root, const logs::log_positions& known) {
  std::array<bool, 2> result{};
  for (const auto stream : k_log_streams) {
    const auto i = index_of(stream);
    result[i] = is_written(last[i], container, stream, known, stat_log(root, site, stream));
  }
  return result;
}

logs::log_positions read_log_positions(const settings& settings) {
  return logs::read_positions(settings.state_dir + "/logs.db");
}

bool wait_for_log(const settings& settings, int root, const std::string& site, const std::string& container,
                  std::chrono::milliseconds timeout) {
  if (!settings.logs.enabled) return true;
  const auto log = fetch_last_lines(settings.docker.host, container, /*tty=*/false);
  if (!log.last) return true;  // nothing can arrive
  const auto end = std::chrono::steady_clock::now() + timeout;
  try {
    for (;;) {
      const auto written = are_written(*log.last, container, site, root, read_log_positions(settings));
      if (std::ranges::all_of(written, std::identity())) return true;
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(20ms);
    }
  } catch (const sqlite::error&) {
    return false;  // a damaged logs.db must not prevent an archive
  }
}

}  // namespace heberg::ctl
