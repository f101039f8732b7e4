// SPDX-License-Identifier: LGPL-2.1-or-later
// What hebergctl says of a command line that it does not accept. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heberg::ctl {

// verb: the one that was given; empty: none was recognized. problem: the parser's text. extra: the arguments that
// nothing expected.
[[nodiscard]] std::string explain_usage_error(const std::string& verb, const std::string& problem,
                                              const std::vector<std::string>& extra);

// The verb of --help that is most like the text; empty where none is.
[[nodiscard]] std::string find_similar_verb(std::string_view text);

}  // namespace heberg::ctl
