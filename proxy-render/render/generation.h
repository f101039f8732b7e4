// SPDX-License-Identifier: LGPL-2.1-or-later
// Each text has a server that tells the text's own generation: on the loopback alone, under a name that no site can have
// (RFC 6761). After a reload it shows which text nginx serves (publish/confirm.h). Pure.
#pragma once

#include "proxy-render/render/render_options.h"

#include <string>
#include <string_view>

namespace heberg::proxy {

inline constexpr char k_generation_host[] = "heberg-generation.invalid";

// The answer to a client that is not on nginx's own loopback. A renderer on the host of an nginx in a container comes
// from a gateway.
inline constexpr std::string_view k_not_loopback = "heberg: not the loopback";

// The server that tells it; the generation follows from the text.
[[nodiscard]] std::string render_generation(std::string_view text, const render_options& options);

// The generation in a whole text; empty where it has none.
[[nodiscard]] std::string generation_of(std::string_view text);

// What its server answers.
[[nodiscard]] std::string answer_of_generation(std::string_view generation);

}  // namespace heberg::proxy
