// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/mount_witness.h"

#include "support/temp_dir.h"
#include "syncd/reconcile/mounted_folder.h"

#include <catch2/catch.hpp>

#include <fcntl.h>

#include <filesystem>

using namespace heberg;
using namespace heberg::syncd;
namespace fs = std::filesystem;

namespace {

// A host with the tree of one site, and a /proc with the root of one process.
struct host {
  test::temp_dir folder;
  std::vector<std::string> stopped, lines;
  std::string stop_failure;
  mount_witness witness{site::classifier({.root = "/sites", .images = {}}), (folder / "proc").string(),
                        [this](level, const std::string& text) { lines.push_back(text); },
                        [this](const std::string& id) {
                          stopped.push_back(id);
                          return stop_failure;
                        }};

  host() {
    fs::create_directories(folder / "sites/a/www/public");
    fs::create_directories(folder / "sites/b/www");
    fs::create_directories(folder / "etc");
    for (const auto* pid : {"77", "78"}) {
      fs::create_directories(folder / "proc" / pid);
      test::write_file(folder / "proc" / pid / "cgroup", "0::/../" + std::string(64, 'c') + "\n");
    }
  }

  // Without a bind mount: the process's root is the whole host, so that a mount's destination is the folder that it shows.
  std::string explain(const std::string& source, const std::string& mounted, std::uint32_t pid = 77, char id = 'c') {
    docker::container c;
    c.id = std::string(64, id);
    c.name = "web";
    c.state = docker::container_state::running;
    c.pid = pid;
    c.mounts = {{.type = "bind", .name = {}, .source = source, .destination = "/" + mounted}};
    fs::remove_all(folder / "proc/77/root");
    fs::create_directory_symlink(folder.path(), folder / "proc/77/root");
    const unique_fd root(::open((folder / "sites").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    return witness.explain(root.get(), c);
  }
};

}  // namespace

TEST_CASE("a container that has the folder that its mount names is left alone") {
  host h;
  CHECK(h.explain("/sites/a/www", "sites/a/www").empty());
  CHECK(h.stopped.empty());
  CHECK(h.lines.empty());
}

TEST_CASE("a container that a link led out of the tree is stopped, once a start, and refused") {
  host h;
  fs::remove(h.folder / "sites/a/www/public");
  fs::create_directory_symlink(h.folder / "etc", h.folder / "sites/a/www/public");
  CHECK_FALSE(h.explain("/sites/a/www/public", "etc").empty());
  CHECK_FALSE(h.explain("/sites/a/www/public", "etc").empty());
  CHECK(h.stopped.size() == 1);
  REQUIRE(h.lines.size() == 1);
  CHECK(h.lines[0].ends_with("it is stopped"));
  h.stop_failure = "no";
  fs::create_directory_symlink(h.folder.path(), h.folder / "proc/78/root");
  CHECK_FALSE(h.explain("/sites/a/www/public", "etc", 78).empty());
  CHECK(h.lines.back().ends_with("stopping it failed: no"));
}

TEST_CASE("a process that is gone or another one, and a container that does not run, tell nothing") {
  host h;
  CHECK(h.explain("/sites/a/www", "etc", 4'000'000).empty());
  CHECK(h.explain("/sites/a/www", "etc", 0).empty());
  CHECK(h.explain("/sites/a/www", "nowhere").empty());
  CHECK(h.explain("/srv/a", "etc").empty());
  CHECK(h.explain("/sites/a/www", "etc", 77, 'd').empty());  // the engine's 77 is another process than ours
  CHECK(h.stopped.empty());
}

TEST_CASE("what a mount is, is decided by device, inode, owner and links") {
  const folder_identity own{.device = 1, .inode = 2, .owner = 20001};
  auto mounted = own;
  CHECK(judge_mount(tree_look::found, own, mounted) == mount_verdict::sound);
  mounted.inode = 3;
  CHECK(judge_mount(tree_look::found, own, mounted) == mount_verdict::replaced);  // the sysadmin's new www
  CHECK(judge_mount(tree_look::missing, {}, mounted) == mount_verdict::replaced);
  CHECK(judge_mount(tree_look::link, {}, mounted) == mount_verdict::foreign);
  mounted.owner = 0;
  CHECK(judge_mount(tree_look::found, own, mounted) == mount_verdict::foreign);
  mounted.owner = 20002;
  CHECK(judge_mount(tree_look::found, own, mounted) == mount_verdict::foreign);
  mounted = own;
  mounted.device = 9;
  CHECK(judge_mount(tree_look::found, own, mounted) == mount_verdict::foreign);
  const folder_identity roots{.device = 1, .inode = 2, .owner = 0};
  mounted = roots;
  mounted.inode = 5;
  CHECK(judge_mount(tree_look::found, roots, mounted) == mount_verdict::foreign);
  mounted.is_removed = true;
  CHECK(judge_mount(tree_look::link, {}, mounted) == mount_verdict::replaced);
}
