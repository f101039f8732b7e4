// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/print.h"

#include "program/log.h"

#include <nlohmann/json.hpp>

#include <time.h>

#include <algorithm>
#include <vector>

namespace heberg::ctl {

std::string print_time(ledger::time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  const time_t plain = static_cast<time_t>(seconds);
  struct tm parts {};
  ::gmtime_r(&plain, &parts);
  char text[32];
  const auto length = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, length};
}

namespace {

nlohmann::ordered_json to_json(const ledger::site& site) {
  const auto time_or_null = [](const std::optional<ledger::time>& time) {
    return time ? nlohmann::ordered_json(print_time(*time)) : nlohmann::ordered_json(nullptr);
  };
  return {{"name", site.name},
          {"uid", site.uid},
          {"state", name_state(site)},
          {"password", name_password(site)},
          {"host", site.gecos},
          {"created", print_time(site.created_at)},
          {"missing_since", time_or_null(site.missing_since)},
          {"retired_at", time_or_null(site.retired_at)},
          {"locked_at", time_or_null(site.locked_at)},
          {"lock_reason", site.lock_reason}};
}

std::string dump(const nlohmann::ordered_json& document) {
  // ASCII alone: a terminal would obey U+0080 to U+009F, and DEL.
  return document.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string name_state(const ledger::site& site) {
  std::string state = site.is_retired() ? "retired" : site.missing_since ? "missing" : "active";
  if (site.is_locked()) state += ",locked";
  return state;
}

std::string_view name_password(const ledger::site& site) {
  switch (site.origin) {
    case ledger::hash_origin::none:
      return "pending";
    case ledger::hash_origin::password:
    case ledger::hash_origin::hash:
      return "set";
    case ledger::hash_origin::empty:
      return "off";
    case ledger::hash_origin::refused:
      return "refused";
  }
  return "pending";
}

std::string print_columns(std::span<const std::vector<std::string>> rows) {
  std::vector<std::size_t> widths;
  for (const auto& cells : rows) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], escape_line(cells[i]).size());
  }
  std::string text;
  for (const auto& cells : rows) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto cell = escape_line(cells[i]);
      text += cell;
      if (i + 1 < cells.size()) text.append(widths[i] - cell.size() + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

std::string print_plain(std::string_view lines) {
  std::string text;
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find('\n'));
    text += escape_line(line) + "\n";
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  }
  return text;
}

std::string print_age(std::chrono::seconds age) {
  const auto count = age.count();
  if (count < 120) return std::to_string(count) + " s";
  if (count < 2 * 3600) return std::to_string(count / 60) + " min";
  if (count < 2 * 86400) return std::to_string(count / 3600) + " h";
  return std::to_string(count / 86400) + " days";
}

std::string print_table(std::span<const ledger::site> sites) {
  std::vector<std::vector<std::string>> rows = {{"NAME", "UID", "STATE", "PASSWORD", "HOST"}};
  for (const auto& site : sites) {
    rows.push_back(
        {site.name, std::to_string(site.uid), name_state(site), std::string(name_password(site)), site.gecos});
  }
  return print_columns(rows);
}

std::string print_site(const ledger::site& site, std::string_view sites_root) {
  std::string text;
  const auto line = [&](std::string_view label, const std::string& value) {
    text.append(label).append(12 - label.size(), ' ').append(escape_line(value)).append("\n");
  };
  line("site", site.name);
  line("host", site.gecos);
  line("uid", std::to_string(site.uid));
  line("state", name_state(site));
  line("password", std::string(name_password(site)));
  line("tree", std::string(sites_root) + "/" + site.name);
  line("created", print_time(site.created_at));
  if (site.missing_since) line("missing", print_time(*site.missing_since));
  if (site.retired_at) line("retired", print_time(*site.retired_at));
  if (site.locked_at) line("locked", print_time(*site.locked_at));
  if (!site.lock_reason.empty()) line("why", site.lock_reason);
  return text;
}

std::string print_json(std::span<const ledger::site> sites) {
  auto array = nlohmann::ordered_json::array();
  for (const auto& site : sites) array.push_back(to_json(site));
  return dump(array);
}

std::string print_json(const ledger::site& site) {
  return dump(to_json(site));
}

}  // namespace heberg::ctl
