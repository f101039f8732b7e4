// SPDX-License-Identifier: LGPL-2.1-or-later
// A site's tree, a container's log, and a store that can end in any moment; the disk's calls fail where a test says so.
#pragma once

#include "support/fake_owners.h"
#include "support/temp_dir.h"
#include "syncd/logs/log_store.h"

#include <catch2/catch.hpp>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace heberg::test {

namespace fs = std::filesystem;
using docker::log_stream;

// The nth call from now on fails; a write may write a part first.
class faulty_disk final : public syncd::log_disk {
 public:
  int fail_at = 0;  // 0: never
  int error = ENOSPC;
  bool writes_some = false;
  int calls = 0;
  bool has_failed = false;

  int make(int folder, const char* name, tree::file_owner owner, tree::ownership& owners, unique_fd& made) override {
    return fails() ? error : log_disk::make(folder, name, owner, owners, made);
  }
  ssize_t write(int file, std::string_view bytes, off_t at) override {
    if (!fails()) return log_disk::write(file, bytes, at);
    if (writes_some && bytes.size() > 1) return log_disk::write(file, bytes.substr(0, bytes.size() / 2), at);
    return -error;
  }
  int truncate(int file, off_t size) override { return fails() ? error : log_disk::truncate(file, size); }
  int sync(int file) override { return fails() ? error : log_disk::sync(file); }
  int rename_new(int folder, const char* from, const char* to) override {
    return fails() ? error : log_disk::rename_new(folder, from, to);
  }
  void begin_commit() override {
    if (fails()) throw std::runtime_error("commit: out of luck");
  }

 private:
  bool fails() {
    if (++calls != fail_at) return false;
    has_failed = true;
    return true;
  }
};

struct log_world {
  temp_dir dir;
  fake_owners owners;
  faulty_disk disk;
  unique_fd root;
  std::string boot = "boot-1";
  std::uint64_t max_size = 1'000'000'000;
  std::chrono::steady_clock::time_point now{std::chrono::hours(1)};
  std::vector<std::string> said;
  struct : syncd::rotated_logs {
    std::vector<std::string> sites;
    void push(int, const std::string& site) override { sites.push_back(site); }
  } archive;
  syncd::log_rotator rotator{archive};
  std::string no_room;
  std::optional<logs::positions> positions;
  std::optional<syncd::log_store> store;

  log_world() {
    fs::create_directories(dir / "sites/a/logs");
    fs::create_directories(dir / "sites/b/logs");
    root = unique_fd(::open((dir / "sites").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  void start() {
    store.reset();
    positions.reset();
    positions.emplace((dir / "logs.db").string(), boot);
    syncd::log_store_parts parts{.opener = {root.get(), &owners, &disk}, .rotator = &rotator, .max_size = max_size};
    parts.explain_no_room = [this] { return no_room; };
    parts.log = [this](level, std::string_view text) { said.emplace_back(text); };
    parts.steady_time = [this] { return now; };
    store.emplace(*positions, std::move(parts));
  }

  syncd::log_source source(const std::string& id = "c1", const std::string& site = "a") {
    syncd::log_source result;
    result.id = id;
    result.site = site;
    result.group = 20000;
    store->restore(result);
    return result;
  }

  bool flush(syncd::log_source& from) {
    now += std::chrono::seconds(2);
    syncd::log_source* const all[] = {&from};
    return !store->flush(all);
  }

  fs::path log(const std::string& site = "a", const char* name = "access.log") const {
    return dir / ("sites/" + site + "/logs/" + name);
  }
  // With the rotated ones, oldest first.
  std::string everything(const std::string& site = "a", const std::string& name = "access.log") const {
    std::vector<std::pair<std::string, std::string>> parts;
    for (const auto& entry : fs::directory_iterator(dir / ("sites/" + site + "/logs"))) {
      const auto file = entry.path().filename().string();
      if (!file.starts_with(name)) continue;
      // "name-DATE" and "name-DATE.12": by date, then number; the present one last.
      auto key = file == name ? std::string("~") : file.substr(0, name.size() + 16);
      const auto number = file.size() > name.size() + 16 ? file.substr(name.size() + 17) : std::string("0");
      key += std::string(8 - std::min<std::size_t>(8, number.size()), '0') + number;
      parts.emplace_back(key, read_file(entry.path()));
    }
    std::sort(parts.begin(), parts.end());
    std::string text;
    for (const auto& [key, bytes] : parts) text += bytes;
    return text;
  }
  bool has_said(std::string_view text) const {
    return std::any_of(said.begin(), said.end(), [&](const auto& s) { return s.find(text) != std::string::npos; });
  }
};

}  // namespace heberg::test
