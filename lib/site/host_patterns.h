// SPDX-License-Identifier: LGPL-2.1-or-later
// Which requests a newer host name would take from an older one, by nginx's order: plain names, the longest wildcard
// that begins with "*", the longest one that ends with it, regular expressions, the oldest first. Pure. Where it cannot
// be decided (a regular expression that is too expensive, or has no literal end), the answer is yes.
#pragma once

#include "site/hosts.h"

#include <memory>
#include <string>
#include <string_view>

namespace heberg::site {

// A regular expression, compiled as nginx does it: without a difference between capitals and small letters.
class host_regex {
 public:
  explicit host_regex(std::string_view text);  // with its "~", accepted by parse_host()
  ~host_regex();
  host_regex(host_regex&&) noexcept;
  host_regex& operator=(host_regex&&) noexcept;
  [[nodiscard]] bool matches(std::string_view name) const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

// Whether the wildcard answers for the name.
[[nodiscard]] bool wildcard_matches(const host& wildcard, std::string_view name);

// Whether some requests that the older pattern answers go to the newer wildcard. For the older one's kind regex, its
// literal beginning and end decide.
[[nodiscard]] bool wildcard_takes_from(const host& newer, const host& older);

// A pattern for names of everybody: a wildcard with one label ("*.org", "www.*"), an expression that matches names of
// several beginnings that nobody has.
[[nodiscard]] bool is_catch_all(const host& pattern);

}  // namespace heberg::site
