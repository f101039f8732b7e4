// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/move/remote_host.h"

#include "base/errors.h"
#include "base/unique_fd.h"
#include "json/fields.h"
#include "json/parse.h"
#include "process/run_program.h"
#include "process/split_arguments.h"

#include <nlohmann/json.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <string_view>
#include <utility>

namespace heberg::ctl {
namespace {

constexpr int k_ssh_failed = 255;  // ssh(1), "EXIT STATUS"

unique_fd as_file(std::string_view text) {
  unique_fd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file) throw_errno("create", "a file in memory");
  while (!text.empty()) {
    const auto count = ::write(file.get(), text.data(), text.size());
    if (count < 0) throw_errno("write", "a file in memory");
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("read", "a file in memory");
  return file;
}

}  // namespace

remote_host::remote_host(std::string host, const std::string& ssh, std::string command)
    : host_(std::move(host)), ssh_(ssh), command_(std::move(command)) {
  if (host_.empty() || host_.front() == '-')
    throw std::runtime_error("invalid host \"" + host_ + "\": use a host name that ssh accepts");
  if (split_arguments(ssh_).empty() || split_arguments(command_).empty())
    throw std::runtime_error("--ssh and --remote-command must not be empty");
}

remote_reply remote_host::ask(const std::string& arguments, const std::string& input) const {
  auto command = split_arguments(ssh_);
  command.insert(command.end(), {host_, "--", command_ + " --json " + arguments});
  const auto text = as_file(input);
  const auto end = run_program({.arguments = command, .environment = {}, .input = text.get()});
  if (const int status = end.shell_status(); status == k_ssh_failed || status > 128)
    throw lost_link(host_ + ": " + end.errors);
  const auto document = parse_json(end.output);
  if (!document.is_object()) return {.is_done = false, .message = end.errors, .data = {}};
  const bool is_done = json_fields::flag(document, "done", false) && end.has_succeeded();
  const auto& said = json_fields::field(document, "message");
  const auto message = said.is_string() ? said.get<std::string>() : end.errors;
  return {.is_done = is_done, .message = message, .data = end.output};
}

}  // namespace heberg::ctl
