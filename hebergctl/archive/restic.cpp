// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/archive/restic.h"

#include "base/names.h"
#include "docker/parse_time.h"
#include "json/parse.h"
#include "process/run_program.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace heberg::ctl {
namespace {

using json = nlohmann::json;

constexpr std::string_view k_tag = "heberg";
constexpr std::string_view k_suffix = ".tar";

// The path of the archive in its snapshot, which identifies the site.
std::string path_of(const std::string& site) {
  return "/" + site + std::string(k_suffix);
}

std::string site_of(std::string_view path) {
  if (!path.starts_with("/") || !path.ends_with(k_suffix)) return {};
  std::string site(path.substr(1, path.size() - 1 - k_suffix.size()));
  return is_site_name(site) ? site : std::string();
}

program_result run_restic(const program& what) {
  try {
    return run_program(what);
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::no_such_file_or_directory) throw;
    throw std::runtime_error("restic is not installed: apt install restic");
  }
}

}  // namespace

// The private folder is not mounted into the containers of the proxy: a password that is there comes before the standard
// place.
std::string choose_password_file(const std::string& set, const std::string& standard, const std::string& private_one) {
  return set == standard && ::access(private_one.c_str(), F_OK) == 0 ? private_one : set;
}

restic::restic(const settings& settings) : settings_(settings) {
  if (settings.backup.repository.empty())
    throw std::runtime_error("no backup repository is configured: set [backup] repository in heberg.toml(5)");
}

std::string restic::run(std::vector<std::string> arguments, int input, int output) const {
  const auto& backup = settings_.backup;
  arguments.insert(arguments.begin(), {"restic", "--quiet", "--cache-dir", settings_.state_dir + "/restic-cache"});
  const auto end = run_restic({.arguments = arguments,
                               .environment = {{"RESTIC_REPOSITORY", backup.repository},
                                               {"RESTIC_PASSWORD_FILE", choose_password_file(backup.password_file)}},
                               .input = input,
                               .output = output});
  if (end.has_succeeded()) return end.output;
  throw std::runtime_error("restic: " + (end.errors.empty() ? describe(end) : end.errors));
}

void restic::init() const {
  (void)run({"init"});
}

void restic::save(const std::string& site, int archive) const {
  (void)run({"backup", "--stdin", "--stdin-filename", path_of(site), "--tag", std::string(k_tag), "--host", "heberg"},
            archive);
}

void restic::load(const snapshot& from, int archive) const {
  (void)run({"dump", from.id, path_of(from.site)}, -1, archive);
}

void restic::forget_old() const {
  const auto& backup = settings_.backup;
  (void)run({"forget", "--tag", std::string(k_tag), "--group-by", "paths", "--keep-within", "1d", "--keep-daily",
             std::to_string(backup.keep_daily), "--keep-weekly", std::to_string(backup.keep_weekly), "--keep-monthly",
             std::to_string(backup.keep_monthly), "--prune"});
}

std::vector<snapshot> restic::list(const std::string& site) const {
  std::vector<std::string> arguments = {"snapshots", "--json", "--tag", std::string(k_tag)};
  if (!site.empty()) arguments.insert(arguments.end(), {"--path", path_of(site)});
  return parse_snapshots(run(std::move(arguments)));
}

std::vector<snapshot> parse_snapshots(std::string_view text) {
  const auto document = parse_json(text);
  std::vector<snapshot> all;
  if (document.is_null()) return all;  // none at all
  if (!document.is_array()) throw std::runtime_error("invalid list of snapshots from restic");
  for (const auto& one : document) {
    try {
      const auto site = site_of(one.at("paths").at(0).get<std::string>());
      const auto time = docker::parse_time(one.at("time").get<std::string>());
      if (!site.empty())
        all.push_back({one.at("id").get<std::string>(), site, std::chrono::ceil<std::chrono::seconds>(time)});
    } catch (const json::exception&) {
      throw std::runtime_error("invalid list of snapshots from restic");
    }
  }
  std::ranges::stable_sort(all, {}, &snapshot::time);
  return all;
}

std::optional<snapshot> choose_snapshot(const std::vector<snapshot>& all, std::chrono::sys_seconds at) {
  const auto after = std::ranges::upper_bound(all, at, {}, &snapshot::time);
  return after == all.begin() ? std::nullopt : std::optional(*std::prev(after));
}

std::optional<std::chrono::sys_seconds> parse_date(std::string_view text) {
  if (text == "latest") return std::chrono::sys_seconds::max();
  const std::string date(text);
  for (const auto* format :
       {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"}) {
    std::tm parts{};
    const char* end = ::strptime(date.c_str(), format, &parts);
    if (end == nullptr || *end != '\0') continue;
    if (std::string_view(format) == "%Y-%m-%d") {
      parts.tm_hour = 23;
      parts.tm_min = parts.tm_sec = 59;
    }
    parts.tm_isdst = -1;
    const auto wanted = parts;
    const auto seconds = std::mktime(&parts);
    // 31 February is no date.
    if (seconds == -1 || parts.tm_mday != wanted.tm_mday || parts.tm_mon != wanted.tm_mon) return std::nullopt;
    return std::chrono::sys_seconds(std::chrono::seconds(seconds));
  }
  return std::nullopt;
}

}  // namespace heberg::ctl
