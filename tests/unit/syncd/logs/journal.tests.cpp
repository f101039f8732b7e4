// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/logs/journal.h"

#include <catch2/catch.hpp>

using namespace heberg;

TEST_CASE("a line's journal entry names its site and stream, and carries any bytes") {
  CHECK(syncd::journal_entry("site_1", docker::log_stream::out, "GET / \x01") ==
        std::vector<std::string>{"MESSAGE=GET / \x01", "PRIORITY=6", "SYSLOG_IDENTIFIER=heberg", "HEBERG_SITE=site_1",
                                 "HEBERG_STREAM=access"});
  CHECK(syncd::journal_entry("site_1", docker::log_stream::error, "") ==
        std::vector<std::string>{"MESSAGE=", "PRIORITY=4", "SYSLOG_IDENTIFIER=heberg", "HEBERG_SITE=site_1",
                                 "HEBERG_STREAM=error"});
}
