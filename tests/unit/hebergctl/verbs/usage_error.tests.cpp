// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/verbs/usage_error.h"

#include "hebergctl/verbs/command_line.h"

#include <catch2/catch.hpp>

using namespace heberg::ctl;

TEST_CASE("a mistyped verb is unknown, and the verb that was meant is named") {
  CHECK(explain_usage_error("", "", {"lsit", "--json"}) ==
        "unknown verb \"lsit\": did you mean \"list\"? \"hebergctl --help\" lists all verbs");
  CHECK(explain_usage_error("", "", {"frobnicate"}) ==
        "unknown verb \"frobnicate\": \"hebergctl --help\" lists all verbs");
}

TEST_CASE("the similar verb is at most two typing errors away, and none that --help hides") {
  CHECK(find_similar_verb("unlok") == "unlock");
  CHECK(find_similar_verb("ststus") == "status");
  CHECK(find_similar_verb("receiv").empty());
  CHECK(find_similar_verb("x").empty());
  CHECK(find_similar_verb("").empty());
  CHECK(find_similar_verb(std::string(100'000, 'a')).empty());
}

TEST_CASE("a usage error names the verb, what is wrong, and where the help is") {
  CHECK(explain_usage_error("lock", "SITE is required", {}) == "lock: SITE is required: see \"hebergctl lock --help\"");
  CHECK(explain_usage_error("lock", "", {"--wy"}) == "lock: unknown option \"--wy\": see \"hebergctl lock --help\"");
  CHECK(explain_usage_error("sync", "", {"x"}) == "sync: unexpected argument \"x\": see \"hebergctl sync --help\"");
  CHECK(explain_usage_error("", "", {"--wy"}) == "unknown option \"--wy\": see \"hebergctl --help\"");
}

TEST_CASE("each kind of usage error has its own text") {
  struct row {
    const char* arguments;
    const char* text;
  };
  const row rows[] = {
      {"list", ""},
      {"lock --why x site_1 --json", ""},
      {"--help", ""},
      {"lsit", "unknown verb \"lsit\": did you mean \"list\"? \"hebergctl --help\" lists all verbs"},
      {"list --foo", "list: unknown option \"--foo\": see \"hebergctl list --help\""},
      {"sync x", "sync: unexpected argument \"x\": see \"hebergctl sync --help\""},
      {"lock", "lock: SITE is required: see \"hebergctl lock --help\""},
      {"keys s", "keys: ACTION is required, one of {list,add,remove}: see \"hebergctl keys --help\""},
      {"logs -n many s", "logs: invalid number: --lines = many: see \"hebergctl logs --help\""},
  };
  for (const auto& [arguments, text] : rows) {
    INFO(arguments);
    CHECK(find_usage_error(arguments) == text);
  }
}
