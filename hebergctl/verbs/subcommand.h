// SPDX-License-Identifier: LGPL-2.1-or-later
// A verb of the command line and its words. CLI11 does the work, in subcommand.cpp alone: its header costs each file
// that includes it seven seconds of the compiler.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace heberg::ctl {

struct command;

// An option, a flag, or what stands at its place. It is the App's; this says more of it.
class option {
 public:
  explicit option(CLI::Option* of) : option_(of) {}
  const option& required() const;
  const option& type(const char* name) const;  // what stands for its value in --help
  const option& shows_default() const;
  const option& one_of(std::initializer_list<const char*> values) const;
  const option& one_each() const;  // a list takes one value each time it is named
  const option& excludes(const option& other) const;

 private:
  CLI::Option* option_;
};

// A verb of the App's. What is parsed goes into the variables given here, which must be there then.
class subcommand {
 public:
  subcommand(CLI::App& app, const char* name, const char* what);

  // "NAME" stands at its place; "--name" is an option with a value; into a list go several.
  option add(const char* name, std::string& into, const char* what = "");
  option add(const char* name, std::vector<std::string>& into, const char* what = "");
  option add(const char* name, std::size_t& into, const char* what = "");
  option add_flag(const char* name, bool& into, const char* what);
  option add_flag(const char* name, const char* what);  // that says what is so anyway

  // Not in --help: for another verb's own use.
  void hide();

  // What hebergctl does where this verb is given. It returns the exit code.
  void runs(command& given, std::function<int()> run);

  // The same for a verb that takes all words behind it as they are.
  void runs_with_the_rest(command& given, std::function<int(std::vector<std::string>)> run);

 private:
  CLI::App* app_;
};

}  // namespace heberg::ctl
