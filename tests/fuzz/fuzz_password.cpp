// SPDX-License-Identifier: LGPL-2.1-or-later
// A password file's bytes, as the sysadmin left them. The file gives its first line, or is refused for its size. Of that
// line: a hash fits into a line of shadow(5), and crypt(3) knows its method; a password is one that crypt(3) accepts; a
// reason never tells the line.
#include "base/characters.h"
#include "support/fake_owners.h"
#include "support/temp_dir.h"
#include "tree/password.h"
#include "tree/password_file.h"

#include <crypt.h>

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace heberg;
using tree::line_kind;

void require(bool holds) {
  if (!holds) std::abort();
}

// The same line with ":" for all that is behind a hash's prefix: no hash either, and it tells nothing.
std::string without_secret(std::string_view line) {
  std::string hidden(line);
  const auto end = line.find('$', 1);
  for (auto i = end == std::string_view::npos ? 0 : end + 1; i < hidden.size(); ++i) {
    if (hidden[i] != '\0') hidden[i] = ':';
  }
  return hidden;
}

void check_line(std::string_view line) {
  const auto [kind, reason] = tree::classify_line(line);
  require((kind == line_kind::bad) == !reason.empty());
  require(std::ranges::none_of(reason, is_control));
  if (kind == line_kind::bad) require(tree::classify_line(without_secret(line)).reason == reason);
  switch (kind) {
    case line_kind::hash: {
      require(line.size() < CRYPT_OUTPUT_SIZE && line.starts_with('$'));
      require(std::ranges::all_of(line, [](char c) { return c > ' ' && c < 127 && c != ':' && c != '*' && c != '!'; }));
      const auto judged = ::crypt_checksalt(std::string(line).c_str());
      require(judged != CRYPT_SALT_INVALID && judged != CRYPT_SALT_METHOD_DISABLED);
      break;
    }
    case line_kind::password:
      require(!line.empty() && line.size() < CRYPT_MAX_PASSPHRASE_SIZE && line.find('\0') == std::string_view::npos);
      break;
    case line_kind::empty:
      require(line.empty() || line[0] == '*' || line[0] == '!');
      break;
    case line_kind::bad:
      break;
  }
}

std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::temp_dir folder;
  static const auto path = folder / tree::k_password_file;
  static const auto opened = test::open_folder(folder.path());
  static const test::fake_owners owners;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  test::write_file(path, text);
  require(::chmod(path.c_str(), 0600) == 0);
  const auto state = tree::read_password_file(opened.get(), {}, owners);
  if (text.size() > tree::k_password_file_max) {
    require(std::holds_alternative<tree::file_refused>(state));
    return 0;
  }
  require(std::holds_alternative<tree::file_line>(state));
  const auto& read = std::get<tree::file_line>(state);
  require(read.line.view() == first_line(text));
  require(std::holds_alternative<tree::file_unchanged>(tree::read_password_file(opened.get(), read.file, owners)));
  check_line(read.line.view());
  return 0;
}
