// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/host_patterns.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <vector>

namespace heberg::site {
namespace {

// nginx's own limit is higher (proxy-render/nginx/quote.h): what needs more counts as a match.
constexpr std::uint32_t k_match_limit = 2000;

struct free_code {
  void operator()(pcre2_code* code) const noexcept { pcre2_code_free(code); }
};
struct free_data {
  void operator()(pcre2_match_data* data) const noexcept { pcre2_match_data_free(data); }
};
struct free_context {
  void operator()(pcre2_match_context* context) const noexcept { pcre2_match_context_free(context); }
};

// "*.example.org" -> ".example.org", "www.*" -> "www."
std::string_view fixed_part(const host& wildcard) {
  std::string_view text = wildcard.text;
  if (wildcard.kind == host_kind::leading_wildcard) return text.substr(1);
  text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> labels_of(std::string_view text) {
  std::vector<std::string_view> labels;
  for (;;) {
    const auto dot = text.find('.');
    if (!text.substr(0, dot).empty()) labels.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return labels;
    text.remove_prefix(dot + 1);
  }
}

// Whether "www.example.*" and "*.example.org" meet in a name that is no longer than both: www.example.org.
bool meet(const host& trailing, const host& leading) {
  const auto head = labels_of(fixed_part(trailing));
  const auto tail = labels_of(fixed_part(leading));
  for (std::size_t shared = 1; shared <= std::min(head.size(), tail.size()); ++shared) {
    if (std::equal(tail.begin(), tail.begin() + static_cast<std::ptrdiff_t>(shared),
                   head.end() - static_cast<std::ptrdiff_t>(shared)))
      return true;
  }
  return false;
}

bool is_literal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

char fold(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// An alternative outside of all groups: the beginning and the end of the text say nothing of the others.
bool has_alternatives(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    } else if (text[i] == '|' && depth <= 0) {
      return true;
    }
  }
  return false;
}

// "~^www\d+\.example\.org$" -> ".example.org"; empty where every name may match by its end.
std::string literal_end(std::string_view regex) {
  if (!regex.ends_with('$') || regex.ends_with("\\$") || has_alternatives(regex)) return {};
  regex.remove_suffix(1);
  std::string end;
  while (regex.size() > 1) {
    const char c = fold(regex.back());
    const bool is_escaped = regex[regex.size() - 2] == '\\';
    if (is_escaped ? c != '.' && c != '-' : !is_literal(c)) break;
    end.insert(end.begin(), c);
    regex.remove_suffix(is_escaped ? 2 : 1);
  }
  return end;
}

// "~^www\.example\." -> "www.example."; without the last character, which a quantifier may follow.
std::string literal_beginning(std::string_view regex) {
  if (!regex.starts_with("~^") || has_alternatives(regex)) return {};
  regex.remove_prefix(2);
  std::string beginning;
  while (!regex.empty()) {
    const bool is_escaped = regex.size() > 1 && regex[0] == '\\';
    const char c = fold(regex[is_escaped ? 1 : 0]);
    if (is_escaped ? c != '.' && c != '-' : !is_literal(c)) break;
    beginning += c;
    regex.remove_prefix(is_escaped ? 2 : 1);
  }
  if (!regex.empty() && regex != "$" && !beginning.empty()) beginning.pop_back();
  return beginning;
}

}  // namespace

struct host_regex::impl {
  std::unique_ptr<pcre2_code, free_code> code;
  std::unique_ptr<pcre2_match_data, free_data> data;
  std::unique_ptr<pcre2_match_context, free_context> context;
};

host_regex::host_regex(std::string_view text) : impl_(std::make_unique<impl>()) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  text.remove_prefix(1);
  impl_->code.reset(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), PCRE2_CASELESS, &error, &offset, nullptr));
  if (!impl_->code) return;  // matches everything
  impl_->data.reset(pcre2_match_data_create_from_pattern(impl_->code.get(), nullptr));
  impl_->context.reset(pcre2_match_context_create(nullptr));
  if (impl_->context) pcre2_set_match_limit(impl_->context.get(), k_match_limit);
}

host_regex::~host_regex() = default;
host_regex::host_regex(host_regex&&) noexcept = default;
host_regex& host_regex::operator=(host_regex&&) noexcept = default;

bool host_regex::matches(std::string_view name) const {
  if (!impl_->code || !impl_->data || !impl_->context) return true;
  return pcre2_match(impl_->code.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0, impl_->data.get(),
                     impl_->context.get()) != PCRE2_ERROR_NOMATCH;
}

bool wildcard_matches(const host& wildcard, std::string_view name) {
  const auto fixed = fixed_part(wildcard);
  if (name.size() <= fixed.size()) return false;
  return wildcard.kind == host_kind::leading_wildcard ? name.ends_with(fixed) : name.starts_with(fixed);
}

bool wildcard_takes_from(const host& newer, const host& older) {
  const auto fixed = fixed_part(newer);
  if (older.kind == host_kind::regex) {
    if (newer.kind == host_kind::leading_wildcard) {
      const auto end = literal_end(older.text);
      return fixed.ends_with(end) || end.ends_with(fixed);
    }
    const auto beginning = literal_beginning(older.text);
    return fixed.starts_with(beginning) || beginning.starts_with(fixed);
  }
  const auto other = fixed_part(older);
  if (newer.kind == host_kind::leading_wildcard) {
    return older.kind == host_kind::leading_wildcard ? fixed.ends_with(other) || other.ends_with(fixed)
                                                     : meet(older, newer);
  }
  return older.kind == host_kind::trailing_wildcard && (fixed.starts_with(other) || other.starts_with(fixed));
}

bool is_catch_all(const host& pattern) {
  if (pattern.kind == host_kind::leading_wildcard || pattern.kind == host_kind::trailing_wildcard)
    return labels_of(fixed_part(pattern)).size() < 2;
  if (pattern.kind != host_kind::regex) return false;
  const host_regex regex(pattern.text);
  int beginnings = 0;
  for (const char first : std::string_view("abcdefghijklmnopqrstuvwxyz0123456789")) {
    const auto label = std::string(1, first) + "qxj7zk";
    const auto is_one_of_many = [&](std::string_view rest) { return regex.matches(label + std::string(rest)); };
    constexpr std::string_view k_rests[] = {"",
                                            ".vqy3kz.com",
                                            ".vqy3kz.test",
                                            ".wzx.vqy3kz.org",
                                            ".com",
                                            ".wzx.vqy3kz.net",
                                            ".a.b.vqy3kz.com",
                                            ".vqy3kz.de",
                                            ".co.uk",
                                            ".org",
                                            ".test"};
    if (std::ranges::any_of(k_rests, is_one_of_many) && ++beginnings > 1) return true;
  }
  return false;
}

}  // namespace heberg::site
