// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/variables/variables.h"

#include <algorithm>

namespace heberg::site {
namespace {

std::string make_label(std::string_view name) {
  std::string label(k_proxy_label);
  for (const char c : name) label += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return label;
}

bool is_image_unknown(const docker::container& container) {
  return container.image_gives && container.image_gives->is_unknown;
}

const std::string* find_labelled(const docker::container& container, std::string_view name) {
  if (container.labels.empty() || is_image_unknown(container)) return nullptr;
  const auto label = make_label(name);
  const auto* value = docker::find_label(container, label);
  return value != nullptr && docker::is_images_label(container, label, *value) ? nullptr : value;
}

const std::string* find_named(const docker::container& container, const variable_row& row) {
  if (const auto* value = find_labelled(container, row.name); value != nullptr) return value;
  const auto* value = docker::find_environment(container, row.name);
  if (value == nullptr || row.setter != variable_setter::starter) return value;
  if (is_image_unknown(container)) return row.name == "VIRTUAL_HOST" ? value : nullptr;
  return docker::is_images_environment(container, row.name, *value) ? nullptr : value;
}

std::string_view name_of(variable_scope scope) {
  switch (scope) {
    case variable_scope::container:
      return "container";
    case variable_scope::host:
      return "host";
    case variable_scope::location:
      break;
  }
  return "location";
}

std::string_view name_of(variable_setter setter) {
  switch (setter) {
    case variable_setter::sysadmin:
      return "sysadmin";
    case variable_setter::starter:
      return "container, not its image";
    case variable_setter::any:
      break;
  }
  return "any container";
}

// A "|" would end the cell.
std::string make_cell(std::string_view text) {
  std::string cell = " ";
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell + " |";
}

}  // namespace

const std::string* find_value(const docker::container& container, variable variable) {
  return find_named(container, variable.row());
}

std::string label_of(variable variable) {
  return make_label(variable.name());
}

std::string list_values(variable variable) {
  std::string values(variable.row().values);
  std::erase(values, '`');
  return values;
}

std::optional<std::string_view> find_forbidden(const docker::container& container,
                                               std::span<const variable_row> table) {
  for (const auto& row : table) {
    if (row.setter != variable_setter::sysadmin) continue;
    if (find_named(container, row) != nullptr) return row.name;
  }
  return std::nullopt;
}

std::optional<std::string_view> find_images_own(const docker::container& container) {
  for (const auto& row : k_variable_table) {
    if (row.setter != variable_setter::starter || find_named(container, row) != nullptr) continue;
    if (docker::find_environment(container, row.name) != nullptr ||
        docker::find_label(container, make_label(row.name)) != nullptr)
      return row.name;
  }
  return std::nullopt;
}

std::string print_variables() {
  std::string text = "| variable | values | default | scope | set by | meaning |\n|---|---|---|---|---|---|\n";
  for (const auto& row : k_variable_table) {
    text += "|" + make_cell("`" + std::string(row.name) + "`") + make_cell(row.values) + make_cell(row.default_value) +
            make_cell(name_of(row.scope)) + make_cell(name_of(row.setter)) + make_cell(row.meaning) + "\n";
  }
  return text;
}

}  // namespace heberg::site
