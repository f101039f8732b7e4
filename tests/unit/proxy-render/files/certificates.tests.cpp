// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/files/certificates.h"

#include "proxy-render/folder_watch.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <system_error>

namespace {

using namespace heberg;
using namespace heberg::proxy;

const certificates k_all = {{"example.org", ""}, {"www.example.org", ""}, {"other.test", ""}};

std::string choose(const certificates& all, const std::string& host, const std::string& wanted = "") {
  return choose_certificate(all, std::get<site::host>(site::parse_host(host)), wanted).value_or("none");
}

}  // namespace

TEST_CASE("a host gets its own certificate, its parent's, the default one, or the one it names") {
  auto all = k_all;
  CHECK(choose(all, "www.example.org") == "www.example.org");
  CHECK(choose(all, "shop.example.org") == "example.org");
  CHECK(choose(all, "*.example.org") == "example.org");
  CHECK(choose(all, "a.shop.example.org") == "none");  // a wildcard certificate goes one label deep
  CHECK(choose(all, "x.test") == "none");
  CHECK(choose(all, "x.test", "other.test") == "other.test");
  CHECK(choose(all, "www.example.org", "missing") == "none");
  CHECK(choose(all, "~^www\\.example\\.org$") == "none");
  all["default"] = "";
  all["test"] = "";
  CHECK(choose(all, "x.test") == "default");  // a top-level domain is nobody's parent
  CHECK(choose(all, "~^x") == "default");
}

TEST_CASE(
    "a certificate is listed with its key alone, under a host name's name, and is news when one of them changes") {
  const test::temp_dir folder;
  CHECK(list_certificates((folder / "none").string()).empty());
  for (const auto* name : {"a.test.crt", "a.test.key", "nokey.crt", "B.test.crt", "B.test.key", "x y.crt", "x y.key",
                           "a.test.pem", ".crt", ".key"})
    test::write_file(folder / name, "x");
  std::filesystem::create_directory(folder / "dir.test.crt");
  test::write_file(folder / "dir.test.key", "x");
  const auto before = list_certificates(folder.path().string());
  REQUIRE(before.size() == 1);
  REQUIRE(before.contains("a.test"));
  test::write_file(folder / "new", "y");
  std::filesystem::rename(folder / "new", folder / "a.test.key");
  CHECK(list_certificates(folder.path().string()).at("a.test") != before.at("a.test"));
  CHECK_THROWS_AS(list_certificates((folder / "nokey.crt").string()), std::system_error);
}

TEST_CASE("files that come together are reported once, a moment later") {
  const test::temp_dir folder;
  boost::asio::io_context io;
  int told = 0;
  folder_watch watch(io, {folder.path().string()}, [&] {
    ++told;
    watch.stop();
  });
  test::write_file(folder / "a.crt", "x");
  test::write_file(folder / "a.key", "x");
  io.run_for(std::chrono::seconds(10));
  CHECK(told == 1);
}

TEST_CASE("a folder that never stops changing is reported all the same") {
  const test::temp_dir folder;
  boost::asio::io_context io;
  int told = 0;
  folder_watch watch(io, {(folder / "none").string()}, [&] { ++told; });
  for (int i = 0; i < 15; ++i) {
    test::write_file(folder / ("beside-" + std::to_string(i)), "x");
    io.run_for(std::chrono::milliseconds(100));
  }
  CHECK(told >= 1);
  watch.stop();
}

TEST_CASE("a folder that is made later is watched from then on") {
  const test::temp_dir folder;
  boost::asio::io_context io;
  int told = 0;
  folder_watch watch(io, {(folder / "none").string(), (folder / "later").string()}, [&] {
    if (++told == 1) test::write_file(folder / "later/a.crt", "x");
    if (told == 2) watch.stop();
  });
  CHECK(watch.complaint().empty());
  std::filesystem::create_directory(folder / "later");
  io.run_for(std::chrono::seconds(10));
  CHECK(told == 2);
}

TEST_CASE("a folder that cannot be watched is reported") {
  const test::temp_dir folder;
  boost::asio::io_context io;
  test::write_file(folder / "file", "");
  folder_watch cannot(io, {(folder / "file").string()}, [] {});
  CHECK(cannot.complaint() == "watch " + (folder / "file").string() + ": Not a directory");
}

TEST_CASE("without an inotify instance a folder is polled, and watched once there is one") {
  const test::temp_dir folder;
  boost::asio::io_context io;
  const boost::asio::posix::stream_descriptor first(io);  // Asio opens descriptors of its own for it
  // Without a free descriptor there is none either: fs.inotify.max_user_instances is everybody's.
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{3, before.rlim_max};
  int told = 0;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  folder_watch watch(io, {folder.path().string()}, [&] { ++told; });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(watch.is_polling());
  CHECK_THAT(watch.complaint(), Catch::Contains("Too many open files"));
  const auto run_until = [&io](const auto& is_so) {
    for (int tenths = 0; tenths < 100 && !is_so(); ++tenths) io.run_for(std::chrono::milliseconds(100));
  };
  test::write_file(folder / "a.crt", "x");
  run_until([&] { return told > 0 && !watch.is_polling(); });
  CHECK(told > 0);
  CHECK_FALSE(watch.is_polling());
  CHECK(watch.complaint().empty());
  const int told_of_a = told;
  test::write_file(folder / "b.crt", "x");
  run_until([&] { return told > told_of_a; });  // more than once on a busy machine: the file is made, then written
  CHECK(told > told_of_a);
  watch.stop();
}

TEST_CASE("a certificate is reported when it has expired, or expires soon, or cannot be read") {
  const auto now = std::chrono::sys_seconds(std::chrono::days(20'000));
  const auto in = [&](int days, int seconds = 0) {
    return now + std::chrono::days(days) + std::chrono::seconds(seconds);
  };
  CHECK(explain_ends(
            {{"far", in(14)}, {"near", in(13, 86'399)}, {"next", in(1)}, {"past", in(0)}, {"torn", std::nullopt}},
            now) == std::vector<std::string>{"certificate near expires in 13 days", "certificate next expires in 1 day",
                                             "certificate past has expired", "certificate torn cannot be read"});
}
