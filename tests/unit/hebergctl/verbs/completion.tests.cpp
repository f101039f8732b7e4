// SPDX-License-Identifier: LGPL-2.1-or-later
// The completion is run by bash itself, with a hebergctl that knows two sites.
#include "hebergctl/verbs/completion.h"

#include "hebergctl/verbs/verb_table.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <cstdio>
#include <memory>
#include <set>
#include <sstream>

using namespace heberg;
using namespace heberg::ctl;

namespace {

class bash_completion {
 public:
  bash_completion() {
    test::write_file(folder_ / "completion", print_completion(describe_command_line()));
    test::write_file(folder_ / "run", R"(. "${0%/*}/completion"
hebergctl() { printf 'NAME UID\nsite_1 1\nsite_2 2\n'; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_hebergctl
printf '%s\n' "${COMPREPLY[@]}"
)");
    test::write_file(folder_ / "a_file", "");
  }

  // What is offered for the last one of these arguments, each without a quote in it.
  [[nodiscard]] std::set<std::string> complete(const std::vector<std::string>& arguments) const {
    std::string command = "cd '" + folder_.path().string() + "' && bash ./run hebergctl";
    for (const auto& argument : arguments) command += " '" + argument + "'";
    const std::unique_ptr<FILE, int (*)(FILE*)> output(::popen(command.c_str(), "r"), ::pclose);
    REQUIRE(output != nullptr);
    std::set<std::string> lines;
    char line[512];
    while (std::fgets(line, sizeof line, output.get()) != nullptr) {
      std::string text(line);
      while (text.ends_with('\n')) text.pop_back();
      if (!text.empty()) lines.insert(text);
    }
    return lines;
  }

 private:
  test::temp_dir folder_;
};

using texts = std::set<std::string>;

}  // namespace

TEST_CASE("every verb of --help is completed, and no hidden one") {
  const bash_completion bash;
  const auto offered = bash.complete({""});
  for (const auto& row : list_verbs()) {
    INFO(row.name);
    CHECK(offered.contains(row.name) == (row.shown == verb::visibility::shown));
  }
  CHECK(bash.complete({"rot"}) == texts{"rotate"});
}

TEST_CASE("every option of every verb is completed, and so are the common ones") {
  const bash_completion bash;
  const auto all = describe_command_line();
  for (const auto& verb : std::span(all).subspan(1)) {
    const auto offered = bash.complete({verb.name, "--"});
    for (const auto* from : {&verb, &all.front()}) {
      for (const auto& option : from->options) {
        INFO(verb.name << " " << option.names.back());
        CHECK(offered.contains(option.names.back()));
      }
    }
  }
}

TEST_CASE("sites, files and fixed values are completed where they are expected") {
  const bash_completion bash;
  CHECK(bash.complete({"lock", "s"}) == texts{"site_1", "site_2"});
  CHECK(bash.complete({"--json", "lock", "s"}) == texts{"site_1", "site_2"});
  CHECK(bash.complete({"lock", "site_1", "s"}).empty());
  CHECK(bash.complete({"purge", "site_1", "--confirm", ""}) == texts{"site_1", "site_2"});
  CHECK(bash.complete({"keys", "site_1", ""}).contains("remove"));
  CHECK(bash.complete({"import", "s"}) == texts{"sqlite"});
  CHECK(bash.complete({"import", "passwd", "a_"}) == texts{"a_file"});
  CHECK(bash.complete({"archive", "site_1", "--output", "a_"}) == texts{"a_file"});
  CHECK(bash.complete({"restore", "a_"}) == texts{"a_file"});
  CHECK(bash.complete({"restore", "site_"}) == texts{"site_1", "site_2"});
}
