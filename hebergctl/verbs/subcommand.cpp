// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/verbs/subcommand.h"

#include "hebergctl/command.h"

#include <CLI/CLI.hpp>

#include <utility>

namespace heberg::ctl {

const option& option::required() const {
  option_->required();
  return *this;
}

const option& option::type(const char* name) const {
  option_->type_name(name);
  return *this;
}

const option& option::shows_default() const {
  option_->capture_default_str();
  return *this;
}

const option& option::one_of(std::initializer_list<const char*> values) const {
  option_->check(CLI::IsMember(std::vector<std::string>(values.begin(), values.end())));
  return *this;
}

const option& option::one_each() const {
  option_->expected(1);
  return *this;
}

const option& option::excludes(const option& other) const {
  option_->excludes(other.option_);
  return *this;
}

subcommand::subcommand(CLI::App& app, const char* name, const char* what) : app_(app.add_subcommand(name, what)) {}

option subcommand::add(const char* name, std::string& into, const char* what) {
  return option(app_->add_option(name, into, what));
}

option subcommand::add(const char* name, std::vector<std::string>& into, const char* what) {
  return option(app_->add_option(name, into, what));
}

option subcommand::add(const char* name, std::size_t& into, const char* what) {
  return option(app_->add_option(name, into, what));
}

option subcommand::add_flag(const char* name, bool& into, const char* what) {
  return option(app_->add_flag(name, into, what));
}

option subcommand::add_flag(const char* name, const char* what) {
  return option(app_->add_flag_callback(
      name, [] {}, what));
}

void subcommand::set_group(const char* heading) {
  app_->group(heading);
}

void subcommand::set_footer(const std::string& text) {
  app_->footer(app_->get_footer() + text + "\n");
}

void subcommand::runs(command& given, std::function<int()> run) {
  app_->callback([&given, run = std::move(run)] { given.run = run; });
}

void subcommand::runs_with_the_rest(command& given, std::function<int(std::vector<std::string>)> run) {
  app_->fallthrough(false)->prefix_command();
  app_->callback(
      [&given, app = app_, run = std::move(run)] { given.run = [rest = app->remaining(), run] { return run(rest); }; });
}

}  // namespace heberg::ctl
