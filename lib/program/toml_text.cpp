// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/toml_text.h"

namespace heberg {

std::variant<std::string, toml_error> make_ascii(std::string_view text) {
  constexpr std::string_view k_byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(k_byte_order_mark)) text.remove_prefix(k_byte_order_mark.size());
  enum class inside { nothing, comment, basic_string, literal_string } where = inside::nothing;
  std::size_t line = 1;
  std::string ascii(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      if (where != inside::comment)
        return toml_error{line, "a character beyond ASCII: write it as \"\\u00e9\", in quotes"};
      ascii[i] = '?';
    } else if (c == '\n') {  // ends a comment; toml++ refuses a string that goes on
      ++line;
      where = inside::nothing;
    } else if (where == inside::nothing) {
      const auto rest = text.substr(i);
      if (rest.starts_with(R"(""")") || rest.starts_with("'''"))
        return toml_error{line, "a multi-line string: use a string in one line"};
      if (c == '#') where = inside::comment;
      if (c == '"') where = inside::basic_string;
      if (c == '\'') where = inside::literal_string;
    } else if (where == inside::basic_string) {
      if (c == '"') where = inside::nothing;
      if (c == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    } else if (where == inside::literal_string && c == '\'') {
      where = inside::nothing;
    }
  }
  return ascii;
}

}  // namespace heberg
