// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines on the control socket: the first byte says whether it is a request (q), a reply (a), or the text of one's
// password and other fields (p). What is understood is the same when it is sent on, in one line within the limit, and a
// password is in no other field.
#include "control/protocol.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace heberg;
using namespace heberg::control;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_one_line(std::string_view text) {
  return text.find('\n') == text.size() - 1;
}

void check_request(std::string_view line) {
  const auto parsed = parse_request(line);
  if (!parsed) return;
  require(line.size() <= k_max_line && !parsed->verb.empty());
  const auto sent = encode(*parsed);
  require(is_one_line(sent));
  if (sent.size() > k_max_line) return;  // an escape may be longer than what it stands for
  const auto again = parse_request(sent);
  require(again && *again == *parsed);
}

void check_reply(std::string_view line) {
  const auto parsed = parse_reply(line);
  if (!parsed) return;
  const auto sent = encode(*parsed);
  require(is_one_line(sent));
  if (sent.size() > k_max_line) return;
  const auto again = parse_reply(sent);
  require(again && *again == *parsed);
}

std::string_view next_field(std::string_view& rest) {
  const auto field = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(field.size() + 1, rest.size()));
  return field;
}

// Bytes that are not UTF-8 are replaced in all fields but the password, so these are not compared.
void check_password(std::string_view text) {
  const std::string_view password = next_field(text);
  request sent{"passwd", std::string(next_field(text)), std::string(next_field(text)), {"set"}};
  sent.password = secret(password);
  const auto line = encode(sent);
  require(is_one_line(line));
  if (line.size() <= k_max_line) {
    const auto received = parse_request(line);
    require(received && received->password == sent.password && received->arguments == sent.arguments);
  }
  reply answer{failure::none, std::string(text)};
  answer.password = secret(password);
  const auto back = encode(answer);
  require(is_one_line(back));
  if (back.size() <= k_max_line && !password.empty()) {
    const auto received = parse_reply(back);
    require(received && received->error == failure::none && received->password == answer.password);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (static_cast<char>(data[0])) {
    case 'q':
      check_request(text);
      break;
    case 'a':
      check_reply(text);
      break;
    default:
      check_password(text);
      break;
  }
  return 0;
}
