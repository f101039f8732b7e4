// SPDX-License-Identifier: LGPL-2.1-or-later
// Datagrams of any sender to /dev/log, one a line of the input; its first byte is the sender. Whatever they say, each
// becomes one line of the sender's own site, printable and bounded; who belongs to no site writes nothing.
#include "base/characters.h"
#include "syncd/sftp/sftp_log.h"
#include "syncd/sftp/sftp_message.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace {

using namespace heberg;

constexpr std::size_t k_line_max = 40 + 4 * syncd::k_sftp_text_max + sizeof " [cut]\n";  // a byte may become \xNN

void require(bool holds) {
  if (!holds) std::abort();
}

struct kept_lines final : syncd::line_appender {
  std::string append(int root, const std::string& site, std::uint32_t group, const char* name,
                     std::string_view lines) override {
    require(root == 3 && site == "site_" + std::to_string(group) && name == std::string_view(syncd::k_sftp_log));
    require(lines.ends_with('\n'));
    while (!lines.empty()) {
      const auto line = lines.substr(0, lines.find('\n'));
      require(line.starts_with("2026-11-24T21:45:00Z [") && line.size() < k_line_max);
      require(std::ranges::none_of(line, is_control));
      ++counts[group];
      lines.remove_prefix(line.size() + 1);
    }
    return counts[group] % 3 == 0 ? "is a fifo: not written to" : "";
  }
  std::map<std::uint32_t, std::size_t> counts;
};

void check_message(std::string_view datagram) {
  const auto message = syncd::parse_syslog(datagram);
  require(message.severity >= 0 && message.severity <= 7);
  require(message.text.empty() || (message.text.data() >= datagram.data() &&
                                   message.text.data() + message.text.size() <= datagram.data() + datagram.size()));
  require(message.text.empty() || (message.text.back() != '\n' && message.text.back() != '\0'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::chrono::system_clock::time_point wall{std::chrono::seconds(1'795'556'700)};
  std::string_view input(reinterpret_cast<const char*>(data), size);
  kept_lines files;
  std::map<std::uint32_t, std::size_t> sent;
  syncd::sftp_lines lines({.find_site = [](std::uint32_t uid) -> std::optional<std::string> {
                             if (uid % 2 == 1) return std::nullopt;
                             return "site_" + std::to_string(uid);
                           },
                           .files = &files,
                           .log = [](level, std::string_view text) { require(!text.empty()); }});
  while (!input.empty()) {
    const auto datagram = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(datagram.size() + 1, input.size()));
    if (datagram.empty()) continue;
    const std::uint32_t sender = static_cast<unsigned char>(datagram[0]) % 4;  // 0: root, 1 and 3: of no site
    const auto text = datagram.substr(1, 4096);
    check_message(text);
    lines.take({sender, 4711, text}, wall, {});
    if (sender == 2) ++sent[sender];
    if (sent[sender] % 5 == 4) lines.write(3);
  }
  lines.write(3);
  const auto within_burst = std::min<std::size_t>(sent[2], 5000);
  require(files.counts[2] == within_burst && files.counts[0] == 0 && files.counts[1] == 0 && files.counts[3] == 0);
  return 0;
}
