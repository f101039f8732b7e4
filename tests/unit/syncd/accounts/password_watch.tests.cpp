// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/password_watch.h"

#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>

#include <cerrno>

using heberg::unique_fd;
using heberg::syncd::password_watch;
using heberg::test::open_folder;
using heberg::test::temp_dir;
using heberg::test::write_file;
namespace fs = std::filesystem;
using sites = std::set<std::string>;

TEST_CASE("whatever happens to a password file is told, and what happens beside it is not") {
  const temp_dir a, b;
  password_watch watch;
  REQUIRE(watch.watch("a", open_folder(a.path()).get()));  // the descriptor is closed at once: the watch stays
  REQUIRE(watch.watch("b", open_folder(b.path()).get()));
  CHECK(watch.read().sites.empty());

  write_file(a / "authorized_keys", "");
  CHECK(watch.read().sites.empty());

  write_file(a / "password", "x");
  CHECK(watch.read().sites == sites{"a"});
  fs::permissions(a / "password", static_cast<fs::perms>(0600));
  CHECK(watch.read().sites == sites{"a"});
  fs::rename(a / "password", a / "password~");
  CHECK(watch.read().sites == sites{"a"});
  fs::rename(a / "password~", a / "password");
  CHECK(watch.read().sites == sites{"a"});
  fs::create_hard_link(a / "password", b / "password");
  CHECK(watch.read().sites == sites{"b"});
  fs::remove(a / "password");
  fs::remove(b / "password");
  CHECK(watch.read().sites == sites{"a", "b"});
}

TEST_CASE("a folder's own mode counts too, and its end") {
  const temp_dir dir;
  fs::create_directory(dir / "f");
  password_watch watch;
  REQUIRE(watch.watch("a", open_folder(dir / "f").get()));
  fs::permissions(dir / "f", static_cast<fs::perms>(0700));
  CHECK(watch.read().sites == sites{"a"});
  fs::remove(dir / "f");
  CHECK(watch.read().sites == sites{"a"});
  fs::create_directory(dir / "f");
  write_file(dir / "f/password", "x");
  CHECK(watch.read().sites.empty());
  REQUIRE(watch.watch("a", open_folder(dir / "f").get()));
  fs::remove(dir / "f/password");
  CHECK(watch.read().sites == sites{"a"});
}

TEST_CASE("a folder that is moved away is told of, and of what happens in it there nothing is") {
  const temp_dir dir;
  fs::create_directory(dir / "f");
  password_watch watch;
  REQUIRE(watch.watch("a", open_folder(dir / "f").get()));
  fs::rename(dir / "f", dir / "g");
  CHECK(watch.read().sites == sites{"a"});
  CHECK_FALSE(watch.read().lost);
  write_file(dir / "g/password", "x");
  CHECK(watch.read().sites.empty());
  REQUIRE(watch.watch("a", open_folder(dir / "g").get()));
  fs::remove(dir / "g/password");
  CHECK(watch.read().sites == sites{"a"});
}

TEST_CASE("watching a folder again tells nothing twice") {
  const temp_dir dir;
  password_watch watch;
  REQUIRE(watch.watch("a", open_folder(dir.path()).get()));
  REQUIRE(watch.watch("a", open_folder(dir.path()).get()));
  write_file(dir / "password", "x");
  CHECK(watch.read().sites == sites{"a"});
  CHECK_FALSE(watch.read().lost);
}

TEST_CASE("what cannot be watched is to be polled") {
  const temp_dir dir;
  write_file(dir / "file", "");
  password_watch watch;
  const unique_fd file(::open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK_FALSE(watch.watch("a", file.get()));
}

TEST_CASE("a watch that could have no instance asks for one again") {
  const temp_dir dir;
  const auto folder = open_folder(dir.path());
  // Without a free descriptor there is none either: fs.inotify.max_user_instances is everybody's.
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{3, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  password_watch watch;
  const bool watched = watch.watch("a", folder.get());
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_FALSE(watched);
  CHECK(watch.fd() == -1);
  CHECK(watch.error() == EMFILE);
  REQUIRE(watch.watch("a", folder.get()));
  CHECK(watch.fd() >= 0);
  CHECK(watch.error() == 0);
  write_file(dir / "password", "x");
  CHECK(watch.read().sites == sites{"a"});
}
