// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/move/move_note.h"

#include "hebergctl/move/move_steps.h"
#include "json/fields.h"
#include "json/parse.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace heberg::ctl {
namespace {

using json = nlohmann::ordered_json;

std::string note_name(const std::string& site) {
  return site + ".json";
}

}  // namespace

std::optional<move_note> read_note(const settings& settings, const std::string& site) {
  const auto path = move_file(settings, note_name(site));
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto document = parse_json(text);
  const auto field = [&](const char* key) { return json_fields::text(document, key); };
  const auto about = archive::parse_head(field("about"));
  if (!about || field("token").empty()) throw std::runtime_error("cannot parse " + path + ": it is damaged");
  return move_note{.host = field("host"),
                   .token = field("token"),
                   .about = *about,
                   .was_running = document.value("runs", false),
                   .is_new = document.value("new", false)};
}

void write_note(const settings& settings, const std::string& site, const move_note& note) {
  const json document = {{"host", note.host},
                         {"token", note.token},
                         {"about", archive::to_text(note.about)},
                         {"runs", note.was_running},
                         {"new", note.is_new}};
  write_move_file(settings, note_name(site), document.dump(-1, ' ', true, json::error_handler_t::replace) + "\n");
}

void remove_note(const settings& settings, const std::string& site) {
  remove_move_file(settings, note_name(site));
}

}  // namespace heberg::ctl
