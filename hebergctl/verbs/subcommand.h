// SPDX-License-Identifier: LGPL-2.1-or-later
// A verb of the command line, its options and arguments. CLI11 does the work, in subcommand.cpp and command_line.cpp
// alone: its header costs each file that includes it seven seconds of the compiler.
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

// An option, a flag or a positional argument. It belongs to the App; this adds rules to it.
class option {
 public:
  explicit option(CLI::Option* of) : option_(of) {}
  const option& required() const;
  const option& type(const char* name) const;  // the placeholder of its value in --help
  const option& shows_default() const;
  const option& one_of(std::initializer_list<const char*> values) const;
  const option& one_each() const;  // a list takes one value each time the option is given
  const option& excludes(const option& other) const;

 private:
  CLI::Option* option_;
};

// A verb of the App. Parsed values go into the variables given here, which must outlive the parsing.
class subcommand {
 public:
  subcommand(CLI::App& app, const char* name, const char* what);

  // "NAME" is a positional argument, "--name" an option with a value; a list takes several values.
  option add(const char* name, std::string& into, const char* what = "");
  option add(const char* name, std::vector<std::string>& into, const char* what = "");
  option add(const char* name, std::size_t& into, const char* what = "");
  option add_flag(const char* name, bool& into, const char* what);
  option add_flag(const char* name, const char* what);  // for the default, said explicitly

  void set_group(const char* heading);  // of --help; "": hidden
  void set_footer(const std::string& text);

  // What hebergctl does for this verb. It returns the exit code.
  void runs(command& given, std::function<int()> run);

  // The same for a verb that takes all arguments after it as they are.
  void runs_with_the_rest(command& given, std::function<int(std::vector<std::string>)> run);

 private:
  CLI::App* app_;
};

}  // namespace heberg::ctl
