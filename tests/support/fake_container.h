// SPDX-License-Identifier: LGPL-2.1-or-later
// A container of the fake engine, and the JSON that Docker 20.10 would tell of it (shape and size as recorded in
// tests/golden/docker).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace heberg::test {

struct fake_mount {
  std::string source;  // for a volume: its folder on the host
  std::string destination;
  std::string type = "bind";
  std::string name = {};  // of a volume
  bool writable = true;
};

struct fake_container {
  std::string id;  // 64 hexadecimal digits; fake_engine::add() makes one where it is empty
  std::string name;
  std::string image = "php:apache";
  std::string state = "running";
  std::string health;  // "", "starting", "healthy", "unhealthy"
  std::string user;
  bool tty = false;
  std::string network_mode = "default";
  std::vector<std::string> environment;  // "NAME=value"
  std::map<std::string, std::string> labels;
  std::vector<std::string> image_environment;  // its image's; the image is of its own where one of these is not empty
  std::map<std::string, std::string> image_labels;
  std::vector<fake_mount> mounts;
  std::vector<std::string> exposed = {"80/tcp"};
  std::map<std::string, std::string> networks = {
      {"bridge", "172.17.0.2"}};  // name -> IPv4 address, told while it is up
};

// A running site: VIRTUAL_HOST=virtual_host, source mounted at /var/www/html.
[[nodiscard]] fake_container make_container(std::string name, const std::string& virtual_host, std::string source);

[[nodiscard]] std::string inspect_json(const fake_container& c);
[[nodiscard]] std::string image_id_of(const fake_container& c);
[[nodiscard]] std::string image_json(const fake_container& c);
// A list entry is its stem, which stays while the container does, and its status, which changes with every look.
[[nodiscard]] std::string list_entry_stem(const fake_container& c);
[[nodiscard]] std::string list_entry_json(const fake_container& c, std::string_view stem);
[[nodiscard]] std::string container_event_json(const fake_container& c, std::string_view action);
[[nodiscard]] std::string network_event_json(const fake_container& c, std::string_view action,
                                             std::string_view network);

}  // namespace heberg::test
