// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/nginx.h"

#include "process/run_program_async.h"
#include "proxy-render/nginx/main_config.h"
#include "proxy-render/nginx/scratch.h"

#include <glob.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace heberg::proxy {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::chrono::seconds k_answer_within{60};  // ten thousand hosts take nginx one to three seconds

std::vector<std::string> list_files(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> files;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  return files;
}

std::optional<std::string> read_text(const fs::path& path) {
  const std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// nginx takes relative paths (include, certificates) from its main configuration's folder. The copy's folder therefore
// shows all that is in the original's.
void show_neighbours(const fs::path& main_config, const fs::path& scratch) {
  for (const auto& entry : fs::directory_iterator(main_config.parent_path())) {
    if (entry.path().filename() != main_config.filename())
      fs::create_symlink(entry.path(), scratch / entry.path().filename());
  }
}

std::vector<std::string> with_main_config(std::vector<std::string> command, const fs::path& main_config) {
  if (const auto named = std::ranges::find(command, "-c"); named != command.end() && named + 1 != command.end()) {
    command.erase(named, named + 2);
  }
  command.insert(command.end(), {"-t", "-q", "-c", main_config.string()});
  return command;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// One line. What nginx says about a copy holds for the original.
std::string readable_message(std::string output, const std::string& candidate, const std::string& live,
                             const std::string& scratch, const std::string& folder) {
  constexpr std::size_t longest = 1000;
  replace_all(output, candidate, live);
  replace_all(output, scratch, folder);
  while (!output.empty() && output.back() == '\n') output.pop_back();
  replace_all(output, "\n", "; ");
  return output.substr(0, longest);
}

config_test_result test_result_of(const program_result& result, std::string message) {
  if (result.has_succeeded()) return {config_test_result::kind::accepted, std::move(message)};
  // nginx exits with 1 where it refuses the configuration.
  if (result.kind == program_result::kind::exited) return {config_test_result::kind::refused, std::move(message)};
  if (result.kind == program_result::kind::not_found)
    return {config_test_result::kind::not_installed, "nginx is not installed here"};
  return {config_test_result::kind::failed, "nginx -t " + describe(result)};
}

asio::awaitable<program_result> run_version(std::vector<std::string> command) {
  command.emplace_back("-V");
  return run_program_async(std::move(command), k_answer_within);
}

}  // namespace

asio::awaitable<std::string> read_version(nginx_options options) {
  auto version = co_await run_version(options.command);
  co_return version.kind == program_result::kind::exited ? std::move(version.output) : std::string();
}

asio::awaitable<config_test_result> test_config(nginx_options options, std::string candidate, test_scope scope) {
  const scratch_folder scratch;
  auto copy = scratch.path() / "nginx.conf";
  std::string folder;
  std::optional<std::string> config;
  if (scope == test_scope::whole) {
    if (options.version.empty()) {
      auto version = co_await run_version(options.command);
      if (version.kind != program_result::kind::exited) co_return test_result_of(version, {});
      options.version = std::move(version.output);
    }
    if (const auto main_config = find_main_config(options.command, options.version)) {
      folder = fs::path(*main_config).parent_path().string();
      if (const auto text = read_text(*main_config)) {
        config = substitute_include(
            *text, {.folder = folder, .live = options.live, .candidate = candidate, .list_files = list_files});
        if (config) {
          show_neighbours(*main_config, scratch.path());
          copy = scratch.path() / fs::path(*main_config).filename();
        }
      }
    }
  }
  // Where nginx's configuration does not include the live file, the candidate is tested alone.
  write_text(copy, config ? *config : wrap_alone(candidate, scratch.path().string()));
  const auto result = co_await run_program_async(with_main_config(options.command, copy), k_answer_within);
  co_return test_result_of(result,
                           readable_message(result.output, candidate, options.live, scratch.path().string(), folder));
}

}  // namespace heberg::proxy
