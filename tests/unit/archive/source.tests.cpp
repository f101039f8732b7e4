// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive/source.h"

#include "archive/pack.h"
#include "archive/unpack.h"
#include "base/unique_fd.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <stdexcept>
#include <string>

using namespace heberg;
using namespace heberg::archive;
using Catch::Contains;

namespace {

unique_fd make_file(const test::temp_dir& folder) {
  return unique_fd(::open((folder / "file").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

void append(const unique_fd& file, std::string_view text) {
  REQUIRE(::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

std::string read_all(source& from) {
  std::string text;
  for (auto bytes = from.next(); !bytes.empty(); bytes = from.next()) text += bytes;
  return text;
}

class broken_source : public source {
 public:
  std::string_view next() override {
    if (is_at_end_) throw std::runtime_error("the disk is gone");
    is_at_end_ = true;
    return "some bytes";
  }

 private:
  bool is_at_end_ = false;
};

class endless_source : public source {
 public:
  std::string_view next() override { return text_; }

 private:
  const std::string text_ = std::string(1 << 20, 'x');
};

}  // namespace

TEST_CASE("a growing file is read up to the end that its writer reports") {
  const test::temp_dir folder;
  const auto file = make_file(folder);
  growing_file grows(file.get());
  auto reader = std::async(std::launch::async, [&grows] { return read_all(grows); });
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const auto line = std::to_string(i) + "\n";
    append(file, line);
    all += line;
    if (i % 20 == 0) ::usleep(5000);
  }
  grows.complete();
  CHECK(reader.get() == all);
}

TEST_CASE("a file whose writing is cancelled is an error, not an end") {
  const test::temp_dir folder;
  const auto file = make_file(folder);
  growing_file grows(file.get());
  append(file, "half");
  auto reader = std::async(std::launch::async, [&grows] { return read_all(grows); });
  ::usleep(5000);
  grows.cancel();
  CHECK_THROWS_WITH(reader.get(), Contains("cancelled"));
}

TEST_CASE("uncompressed bytes are passed on unchanged, and an error of the source is thrown") {
  const test::temp_dir folder;
  const auto file = make_file(folder);
  const std::string text(3'000'000, 'y');
  append(file, text);
  file_source plain(file.get());
  decompressed same(plain);
  CHECK(read_all(same) == text);

  broken_source broken;
  decompressed fails(broken);
  CHECK_THROWS_WITH(read_all(fails), Contains("the disk is gone"));
}

TEST_CASE("reading ahead stops when the reader is destroyed") {
  endless_source endless;
  decompressed ahead(endless);
  CHECK(!ahead.next().empty());
}

TEST_CASE("an archive is read back while it is written, and a file that cannot be written is an error") {
  const test::temp_dir folder;
  std::filesystem::create_directories(folder / "tree/www");
  for (int i = 0; i < 40; ++i) {
    std::ofstream out(folder / ("tree/www/" + std::to_string(i)), std::ios::binary);
    for (int j = 0; j < 20'000; ++j) out << (j * 7919 + i) % 65'536 << ' ';
  }
  const unique_fd tree(::open((folder / "tree").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const head about{.site = "a", .uid = 20'000, .lock_reason = "", .specification = ""};
  std::uint64_t counted = 0;
  const auto file = make_file(folder);
  const auto packed = pack_and_read_back(about, tree.get(), file.get(), compression::zstd,
                                         [&counted](std::uint64_t bytes) { counted += bytes; });
  CHECK(counted == packed.bytes);
  const auto known = validate(file.get(), {});
  CHECK(known.files == packed.packed);
  CHECK(known.bytes == packed.bytes);
  const auto reported = contents_of(about, packed);
  CHECK((reported.about == known.about && reported.files == known.files && reported.bytes == known.bytes));
  CHECK_THROWS_AS(contents_of({.site = "../a", .uid = 20'000, .lock_reason = "", .specification = ""}, packed),
                  bad_archive);

  const unique_fd full(::open("/dev/full", O_RDWR | O_CLOEXEC));
  CHECK_THROWS(pack_and_read_back(about, tree.get(), full.get()));
  const unique_fd only_read(::open((folder / "file").c_str(), O_RDONLY | O_CLOEXEC));
  CHECK_THROWS(pack_and_read_back(about, tree.get(), only_read.get()));
}
