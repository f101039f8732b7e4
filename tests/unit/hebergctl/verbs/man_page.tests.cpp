// SPDX-License-Identifier: LGPL-2.1-or-later
// hebergctl(8) and the command line say the same: verbs, options, exit codes.
#include "hebergctl/command.h"
#include "hebergctl/verbs/command_line.h"
#include "hebergctl/verbs/verb_table.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

using namespace heberg;
using namespace heberg::ctl;

namespace {

std::vector<std::string> split(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> parts;
  for (std::string part; stream >> part;) parts.push_back(part);
  return parts;
}

// The options of a line of mdoc(7): "Fl -stop" is --stop, and "Fl -a | -b" are two.
void add_options(const std::string& line, std::set<std::string>& to) {
  bool is_flag = false;
  for (const auto& part : split(line)) {
    const bool is_macro = part.size() == 2 && part[0] >= 'A' && part[0] <= 'Z';
    if (is_macro || part == ".Fl") {
      is_flag = part == "Fl" || part == ".Fl";
    } else if (is_flag && part != "|" && part != "," && part != ")") {
      to.insert("-" + part);
    }
  }
}

struct documented_verb {
  std::string heading;            // .Ss
  std::set<std::string> options;  // of its synopsis
  std::string text;               // one line, without macros of the list
};

struct man_page {
  std::map<std::string, documented_verb> verbs;
  std::map<std::string, std::string> sections;  // text, one line each
};

man_page read_man_page() {
  man_page page;
  std::istringstream lines(test::read_file(HEBERG_SOURCE "/docs/man/hebergctl.8"));
  std::string section;
  std::string heading;
  documented_verb* verb = nullptr;
  int depth = 0;  // of lists in lists
  for (std::string line; std::getline(lines, line);) {
    const auto parts = split(line);
    if (line.starts_with(".Sh ")) {
      section = line.substr(4);
      verb = nullptr;
    } else if (line.starts_with(".Ss ")) {
      heading = line.substr(4);
    } else if (line.starts_with(".Bl ")) {
      ++depth;
    } else if (line == ".El") {
      if (--depth == 0) verb = nullptr;
    } else if (section == "VERBS" && line.starts_with(".It Cm ")) {
      verb = &page.verbs[parts[2]];
      verb->heading = heading;
      add_options(line, verb->options);
    } else if (verb != nullptr) {
      verb->text += line + " ";
    }
    page.sections[section] += line + "\n";
  }
  return page;
}

}  // namespace

TEST_CASE("hebergctl(8) describes every verb of --help under its heading, and no other") {
  const auto page = read_man_page();
  std::set<std::string> shown;
  for (const auto& row : list_verbs()) {
    if (row.shown == verb::visibility::hidden) continue;
    INFO(row.name);
    shown.insert(row.name);
    REQUIRE(page.verbs.contains(row.name));
    CHECK(page.verbs.at(row.name).heading == heading_of(row.group));
  }
  for (const auto& [name, described] : page.verbs) {
    INFO(name);
    CHECK(shown.contains(name));
  }
}

TEST_CASE("hebergctl(8) gives every option of a verb in its synopsis, and no other") {
  const auto page = read_man_page();
  const auto all = describe_command_line();
  for (const auto& verb : std::span(all).subspan(1)) {
    std::set<std::string> missing;
    auto unknown = page.verbs.at(verb.name).options;
    for (const auto& option : verb.options) {
      const auto is_given = [&](const auto& name) { return unknown.contains(name); };
      if (std::ranges::none_of(option.names, is_given) && option.names.back() != "--help")
        missing.insert(option.names.back());
      for (const auto& name : option.names) unknown.erase(name);
    }
    INFO(verb.name);
    CHECK(missing == std::set<std::string>{});
    CHECK(unknown == std::set<std::string>{});
  }
}

TEST_CASE("hebergctl(8) gives the options that every verb has") {
  const auto page = read_man_page();
  std::set<std::string> options;
  std::istringstream lines(page.sections.at("OPTIONS"));
  for (std::string line; std::getline(lines, line);) add_options(line, options);
  const auto all = describe_command_line();
  for (const auto& option : all.front().options) {
    INFO(option.names.back());
    CHECK(options.contains(option.names.back()));
  }
}

TEST_CASE("hebergctl(8) lists the exit codes, and the verbs' own meanings of them") {
  const auto page = read_man_page();
  std::string list;
  for (const auto& [code, meaning] : k_exit_codes) list += ".It " + std::to_string(code) + "\n" + meaning + "\n";
  CHECK_THAT(page.sections.at("EXIT STATUS"), Catch::Contains(list));
  for (const auto& row : list_verbs()) {
    if (*row.exit_codes == '\0') continue;
    CHECK_THAT(page.verbs.at(row.name).text, Catch::Contains(std::string("Exits with ") + row.exit_codes + "."));
  }
}

TEST_CASE("hebergctl(8) has an example of each group of verbs") {
  const auto page = read_man_page();
  std::set<verb_group> missing;
  for (const auto& row : list_verbs()) missing.insert(row.group);
  for (const auto& row : list_verbs()) {
    if (page.sections.at("EXAMPLES").find(std::string("hebergctl ") + row.name + " ") != std::string::npos)
      missing.erase(row.group);
  }
  CHECK(missing.empty());
}
