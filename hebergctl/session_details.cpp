// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/session_details.h"

#include "docker/call.h"
#include "docker/parse.h"
#include "hebergctl/print.h"
#include "tree/processes.h"

#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

namespace heberg::ctl {
namespace {

using tree::parse_number;

std::string read_text(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> split_fields(std::string_view line) {
  std::istringstream stream{std::string(line)};
  std::vector<std::string> fields;
  for (std::string field; stream >> field;) fields.push_back(field);
  return fields;
}

// "0100007F:C350": 32-bit groups, each in host byte order, and the port.
std::string parse_endpoint(std::string_view text) {
  const auto colon = text.find(':');
  const auto address = text.substr(0, colon);
  const auto port = colon == text.npos ? std::nullopt : parse_number<std::uint16_t>(text.substr(colon + 1), 16);
  if (!port || (address.size() != 8 && address.size() != 32)) return {};
  std::array<std::uint32_t, 4> parts{};
  for (std::size_t i = 0; i * 8 < address.size(); ++i) {
    const auto part = parse_number<std::uint32_t>(address.substr(i * 8, 8), 16);
    if (!part) return {};
    parts[i] = *part;
  }
  char shown[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(address.size() == 8 ? AF_INET : AF_INET6, parts.data(), shown, sizeof shown);
  std::string_view plain = shown;
  if (plain.starts_with("::ffff:")) plain.remove_prefix(7);
  const bool is_v6 = plain.find(':') != plain.npos;
  return (is_v6 ? "[" : "") + std::string(plain) + (is_v6 ? "]" : "") + ":" + std::to_string(*port);
}

std::set<std::string> socket_inodes(const std::string& folder) {
  std::set<std::string> inodes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto target = std::filesystem::read_symlink(entry.path(), error).string();
    if (target.starts_with("socket:[") && target.ends_with(']')) inodes.insert(target.substr(8, target.size() - 9));
  }
  return inodes;
}

}  // namespace

tree::sshd_place find_sshd(const std::string& engine, std::string& problem) {
  const auto answer =
      docker::call(engine, docker::method::get, "/containers/" + std::string(tree::k_sshd_container) + "/json", {},
                   {.timeout = std::chrono::seconds(10)});
  if (answer.problem.empty() && docker::is_no_such_container(answer.status, answer.body)) return {.is_known = true};
  if (!answer.is_good()) return problem = answer.reason(), tree::sshd_place();
  const auto container = docker::parse_inspect(answer.body);
  if (!container.value) return problem = "the engine's answer " + container.problem, tree::sshd_place();
  if (!container.value->is_up()) return {.is_known = true};
  if (container.value->pid == 0) return problem = "the engine's answer names no process", tree::sshd_place();
  return {.is_known = true, .container = static_cast<pid_t>(container.value->pid)};
}

std::optional<ledger::time> started_at(const std::string& procs, pid_t process) {
  const auto stat = read_text(procs + "/" + std::to_string(process) + "/stat");
  // Behind the name in parentheses, which may hold anything: state is field 3, the start in ticks since boot is field
  // 22 (proc(5)).
  const auto end = stat.rfind(')');
  const auto fields =
      end == stat.npos ? std::vector<std::string>() : split_fields(std::string_view(stat).substr(end + 1));
  const auto ticks = fields.size() < 20 ? std::nullopt : parse_number<std::int64_t>(fields[19]);
  const auto boot_text = read_text(procs + "/stat");
  const auto boot_at = boot_text.find("\nbtime ");
  if (!ticks || boot_at == boot_text.npos) return std::nullopt;
  const auto boot = parse_number<std::int64_t>(
      std::string_view(boot_text).substr(boot_at + 7, boot_text.find('\n', boot_at + 7) - boot_at - 7));
  if (!boot) return std::nullopt;
  return ledger::time(std::chrono::milliseconds(*boot * 1000 + *ticks * 1000 / ::sysconf(_SC_CLK_TCK)));
}

std::string find_peer(std::string_view table, std::string_view inode) {
  while (!table.empty()) {
    const auto line = table.substr(0, table.find('\n'));
    table.remove_prefix(std::min(line.size() + 1, table.size()));
    const auto fields = split_fields(line);
    if (fields.size() >= 10 && fields[9] == inode) return parse_endpoint(fields[2]);
  }
  return {};
}

std::string client_of(const std::string& procs, pid_t process) {
  const auto folder = procs + "/" + std::to_string(process);
  for (const char* name : {"/net/tcp", "/net/tcp6"}) {
    const auto table = read_text(folder + name);
    for (const auto& inode : socket_inodes(folder + "/fd")) {
      if (auto peer = find_peer(table, inode); !peer.empty()) return peer;
    }
  }
  return {};
}

std::string print_table(std::span<const session_row> rows) {
  std::vector<std::vector<std::string>> table = {{"SITE", "PID", "SINCE", "CLIENT"}};
  for (const auto& row : rows) {
    table.push_back({row.site, std::to_string(row.process), row.since ? print_time(*row.since) : "-",
                     row.client.empty() ? "-" : row.client});
  }
  return print_columns(table);
}

std::string print_json(std::span<const session_row> rows) {
  auto array = nlohmann::ordered_json::array();
  for (const auto& row : rows) {
    array.push_back({{"site", row.site},
                     {"pid", row.process},
                     {"since", row.since ? nlohmann::ordered_json(print_time(*row.since)) : nullptr},
                     {"client", row.client}});
  }
  return array.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace heberg::ctl
