// SPDX-License-Identifier: LGPL-2.1-or-later
// A variable of the table, and its value in a container. A container sets a variable in its environment, or by a label
// that wins over the environment (the image need not be changed then): VIRTUAL_PORT is heberg.proxy.virtual_port.
// A variable that is not in the table cannot be read: `variable` is made from a name at compile time only.
#pragma once

#include "docker/container.h"
#include "site/variables/variable_table.h"

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace heberg::site {

inline constexpr std::string_view k_proxy_label = "heberg.proxy.";

class variable {
 public:
  // Implicit: read_value(container, "MAX_BODY"). A name that is not in the table does not compile.
  consteval variable(const char* name) : index_(find_index(name)) {
    if (index_ == k_variable_table.size()) throw "this variable is not in k_variable_table";
  }

  // A name from outside; nothing where it is not in the table.
  [[nodiscard]] static constexpr std::optional<variable> find(std::string_view name) {
    const auto index = find_index(name);
    if (index == k_variable_table.size()) return std::nullopt;
    return variable(index);
  }

  // In the table's order.
  [[nodiscard]] static constexpr std::array<variable, k_variable_table.size()> all() {
    return make_all(std::make_index_sequence<k_variable_table.size()>());
  }

  [[nodiscard]] constexpr const variable_row& row() const { return k_variable_table[index_]; }
  [[nodiscard]] constexpr std::string_view name() const { return row().name; }
  auto operator<=>(const variable&) const = default;

 private:
  constexpr explicit variable(std::size_t index) : index_(index) {}
  static constexpr std::size_t find_index(std::string_view name) {
    std::size_t index = 0;
    while (index < k_variable_table.size() && k_variable_table[index].name != name) ++index;
    return index;
  }
  template <std::size_t... index>
  static constexpr std::array<variable, sizeof...(index)> make_all(std::index_sequence<index...>) {
    return {variable(index)...};
  }

  std::size_t index_;
};

// Why a value is refused. The value is printable and cut short, safe in a log line and in JSON. The reason continues a
// sentence: VIRTUAL_PORT "x" is not a port from 1 to 65535.
struct refused_value {
  class variable variable;
  std::string value;
  std::string reason;
  auto operator<=>(const refused_value&) const = default;
};

// The value as the container sets it; nullptr where it does not. Hostile. What its image says does not count in a label,
// which would win over the environment, and of a variable that only who starts the container may set
// (variable_setter::starter). Where it is unknown what the image says, of both VIRTUAL_HOST in the environment counts.
[[nodiscard]] const std::string* find_value(const docker::container& container, variable variable);

// "heberg.proxy.virtual_port"
[[nodiscard]] std::string label_of(variable variable);

// The values of a variable, as its row lists them, without Markdown.
[[nodiscard]] std::string list_values(variable variable);

// A variable that counts only where who starts the container sets it, and that its image alone sets; nothing: none.
[[nodiscard]] std::optional<std::string_view> find_images_own(const docker::container& container);

// The first variable that this container of a site sets, though only the sysadmin may; nothing where there is none.
[[nodiscard]] std::optional<std::string_view> find_forbidden(const docker::container& container,
                                                             std::span<const variable_row> table = k_variable_table);

// The table in Markdown, as in docs/proxy.md and for heberg-proxy-render --variables.
[[nodiscard]] std::string print_variables();

}  // namespace heberg::site
