// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/verbs/command_line.h"

#include "hebergctl/command.h"
#include "hebergctl/verbs/usage_error.h"
#include "hebergctl/verbs/verb_table.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <string_view>
#include <utility>

namespace heberg::ctl {
namespace {

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

// CLI11 writes the values that one_of() allows behind the type: "TEXT:{a,b}".
std::string value_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {};
  const auto type = option.get_type_name();
  const auto choices = type.find('{');
  return choices == std::string::npos ? type : type.substr(choices);
}

int code_of(CLI::ExitCodes code) {
  return static_cast<int>(code);
}

class command_line {
 public:
  command_line() {
    app_.fallthrough();  // --json, --config and --socket may also follow the verb
    add_common_options(app_, given_.common);
    app_.add_option("--socket", given_.socket, "The control socket of heberg-syncd")
        ->type_name("PATH")
        ->capture_default_str();
    app_.add_flag("--json", given_.json, "Print JSON");
    app_.footer(print_exit_codes());
    add_verbs(app_, given_);
  }

  CLI::App& app() { return app_; }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& shown) {  // --help or --version
      return app_.exit(shown) == 0 ? k_done : k_usage;
    } catch (const CLI::ParseError& error) {
      return fail(k_usage, explain(error));
    }
    if (given_.run) return given_.run();
    std::fputs(app_.help().c_str(), stderr);
    return k_usage;
  }

  std::string find_error(const std::string& arguments) {
    try {
      app_.parse(arguments);
    } catch (const CLI::Success&) {
      return {};
    } catch (const CLI::ParseError& error) {
      return explain(error);
    }
    return {};
  }

 private:
  std::string explain(const CLI::ParseError& error) const {
    const auto chosen = app_.get_subcommands();
    const std::string verb = chosen.empty() ? "" : chosen.front()->get_name();
    const int kind = error.get_exit_code();  // the name of an ExtrasError is the App's
    if (kind == code_of(CLI::ExitCodes::ExtrasError))
      return explain_usage_error(verb, "", app_.remaining(/*recurse=*/true));
    std::string problem = error.what();
    if (kind == code_of(CLI::ExitCodes::ConversionError)) {
      constexpr std::string_view k_cli11 = "Could not convert: ";
      if (problem.starts_with(k_cli11)) problem.replace(0, k_cli11.size(), "invalid number: ");
    } else if (kind == code_of(CLI::ExitCodes::RequiredError) && !chosen.empty()) {
      const auto name = problem.substr(0, problem.find(' '));
      if (const auto* option = chosen.front()->get_option_no_throw(name); option != nullptr)
        if (const auto value = value_of(*option); value.starts_with('{')) problem += ", one of " + value;
    }
    return explain_usage_error(verb, problem, {});
  }

  command given_;
  CLI::App app_{"heberg: manages the web sites of this host", "hebergctl"};
};

described_verb describe(const CLI::App& app, std::string name) {
  described_verb verb{.name = std::move(name), .options = {}, .arguments = {}};
  for (const auto* option : app.get_options()) {
    if (option->get_positional()) {
      const auto value = value_of(*option);
      verb.arguments.push_back(value.starts_with('{') ? value : option->get_name());
    } else {
      verb.options.push_back({names_of(*option), value_of(*option)});
    }
  }
  return verb;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  return command_line().run(argc, argv);
}

std::string find_usage_error(const std::string& arguments) {
  return command_line().find_error(arguments);
}

std::vector<described_verb> describe_command_line() {
  command_line line;
  std::vector<described_verb> all = {describe(line.app(), "")};
  for (const auto& row : list_verbs()) {
    if (row.shown == verb::visibility::shown) all.push_back(describe(*line.app().get_subcommand(row.name), row.name));
  }
  return all;
}

}  // namespace heberg::ctl
