// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/command.h"

#include "base/errors.h"
#include "control/client.h"
#include "json/fields.h"
#include "json/parse.h"
#include "program/log.h"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <stdexcept>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

exit_code code_of(control::failure error) {
  switch (error) {
    case control::failure::none:
      return k_done;
    case control::failure::bad_request:
      return k_usage;
    case control::failure::no_such_site:
      return k_no_such_site;
    case control::failure::refused:
      return k_refused;
    case control::failure::internal:
      break;
  }
  return k_failed;
}

std::string print_reply(const control::reply& reply) {
  json document = {{"done", reply.error == control::failure::none}, {"message", reply.message}};
  if (const auto data = parse_ordered_json(reply.data); data.is_object()) document.update(data);
  return document.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string print_exit_codes() {
  std::string text = "Exit codes:\n";
  for (const auto& [code, meaning] : k_exit_codes) text += "  " + std::to_string(code) + "  " + meaning + "\n";
  return text;
}

int print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return k_done;
  std::perror("hebergctl: write to standard output");
  return k_failed;
}

int fail(exit_code code, const std::string& message) {
  std::fprintf(stderr, "hebergctl: %s\n", escape_line(message).c_str());
  return code;
}

int fail_no_site(const std::string& name) {
  return fail(k_no_such_site, "no such site: " + name);
}

std::string hint_at_root(const std::string& otherwise) {
  return ::geteuid() == 0 ? otherwise : " (run hebergctl as root)";
}

std::optional<control::reply> ask(const command& given, const control::request& request, on_no_answer what) {
  try {
    return control::call(given.socket, request);
  } catch (const std::exception& error) {
    if (what == on_no_answer::report)
      (void)fail(k_no_syncd, std::string(error.what()) + hint_at_root(" (is heberg-syncd running?)"));
    return std::nullopt;
  }
}

int report(const command& given, const control::reply& reply) {
  const auto code = code_of(reply.error);
  if (given.json) {
    const int printed = print(print_reply(reply));
    return code == k_done ? printed : code;
  }
  return code == k_done ? print(escape_line(reply.message) + "\n") : fail(code, reply.message);
}

int ask_and_report(const command& given, const control::request& request) {
  const auto reply = ask(given, request);
  return reply ? report(given, *reply) : k_no_syncd;
}

std::string text_field(const std::string& data, const char* key) {
  return json_fields::text(parse_json(data), key);
}

// Into one buffer: a growing one would leave copies of a password behind.
std::string read_input() {
  constexpr std::size_t k_max = 64 * 1024;
  std::string text(k_max + 1, '\0');
  for (std::size_t length = 0;;) {
    const ssize_t size = ::read(STDIN_FILENO, text.data() + length, text.size() - length);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw_errno("read", "standard input");
    length += static_cast<std::size_t>(size);
    if (length > k_max) throw std::runtime_error("standard input is longer than 64 KB");
    if (size > 0) continue;
    text.resize(length);
    return text;
  }
}

secret read_input_secret() {
  auto text = read_input();
  auto line = std::string_view(text).substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  secret read(line);
  control::wipe(text);
  return read;
}

}  // namespace heberg::ctl
