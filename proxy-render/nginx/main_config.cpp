// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/nginx/main_config.h"

#include "proxy-render/nginx/quote.h"

#include <fnmatch.h>

#include <algorithm>

namespace heberg::proxy {
namespace {

struct directive {
  std::size_t begin = 0;  // of its first word
  std::size_t end = 0;    // behind its ";"
  std::vector<std::string> words;
};

// Splits a configuration into its simple directives, by ngx_conf_read_token's rules: quotes and comments begin where a
// word can begin, a backslash takes the next character with it. Blocks' heads are skipped, their insides are not.
class directive_reader {
 public:
  explicit directive_reader(std::string_view text) : text_(text) {}

  std::optional<directive> next() {
    directive found;
    while (skip_blanks_and_comments()) {
      const char c = text_[at_];
      if (c == ';' || c == '{' || c == '}') {
        ++at_;
        found.end = at_;
        if (c == ';' && !found.words.empty()) return found;
        found.words.clear();
        continue;
      }
      if (found.words.empty()) found.begin = at_;
      found.words.push_back(c == '"' || c == '\'' ? read_quoted(c) : read_bare());
    }
    return std::nullopt;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  bool skip_blanks_and_comments() {
    while (at_ < text_.size()) {
      if (is_blank(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return true;
      }
    }
    return false;
  }

  std::string read_quoted(char quote) {
    std::string word;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      word += text_[at_];
    }
    if (at_ < text_.size()) ++at_;
    return word;
  }

  std::string read_bare() {
    std::string word;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool opens_variable = c == '{' && !word.empty() && word.back() == '$';
      if (is_blank(c) || c == ';' || (c == '{' && !opens_variable)) break;
      if (c == '\\' && at_ + 1 < text_.size()) ++at_;
      word += text_[at_++];
    }
    return word;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool takes(const std::string& pattern, const std::string& file) {
  return pattern == file || fnmatch(pattern.c_str(), file.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

std::string include_each(const std::string& pattern, const substitution& with) {
  auto files = with.list_files(pattern);
  if (std::ranges::find(files, with.live) == files.end()) files.push_back(with.live);
  std::ranges::sort(files);  // as glob(3) does in nginx, which never calls setlocale(3)
  std::string text;
  for (const auto& file : files) text += "include " + quote(file == with.live ? with.candidate : file) + "; ";
  return text;
}

}  // namespace

std::optional<std::string> substitute_include(std::string_view main_config, const substitution& with) {
  std::string text;
  std::size_t copied = 0;
  directive_reader reader(main_config);
  while (const auto found = reader.next()) {
    if (found->words.size() != 2 || found->words[0] != "include") continue;
    auto pattern = found->words[1];
    if (!pattern.starts_with('/')) pattern.insert(0, with.folder + "/");
    if (!takes(pattern, with.live)) continue;
    text.append(main_config.substr(copied, found->begin - copied)).append(include_each(pattern, with));
    copied = found->end;
  }
  if (copied == 0) return std::nullopt;
  return text.append(main_config.substr(copied));
}

std::string wrap_alone(std::string_view candidate, std::string_view scratch) {
  const auto in_scratch = [&](std::string_view name) { return quote(std::string(scratch).append("/").append(name)); };
  std::string text = "pid " + in_scratch("pid") + ";\nerror_log stderr;\nevents {}\nhttp {\n    access_log off;\n";
  for (const std::string_view kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    text.append("    ").append(kind).append("_temp_path ").append(in_scratch(kind)).append(";\n");
  }
  return text.append("    include ").append(quote(candidate)).append(";\n}\n");
}

std::optional<std::string> find_main_config(const std::vector<std::string>& command, std::string_view version_output) {
  std::string path;
  if (const auto named = std::ranges::find(command, "-c"); named != command.end() && named + 1 != command.end()) {
    path = *(named + 1);
  } else {
    constexpr std::string_view option = "--conf-path=";
    const auto found = version_output.find(option);
    if (found == std::string_view::npos) return std::nullopt;
    const auto rest = version_output.substr(found + option.size());
    path = rest.substr(0, rest.find_first_of(" \n'"));
  }
  if (!path.starts_with('/')) return std::nullopt;
  return path;
}

}  // namespace heberg::proxy
