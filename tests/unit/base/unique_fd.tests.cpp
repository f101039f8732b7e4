// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/unique_fd.h"

#include <catch2/catch.hpp>

#include <fcntl.h>

using heberg::unique_fd;

namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

unique_fd open_null() {
  return unique_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

TEST_CASE("a descriptor is closed when its owner ends") {
  int number = -1;
  {
    const unique_fd fd = open_null();
    REQUIRE(fd);
    number = fd.get();
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("a moved-from owner holds nothing, and what the target held is closed") {
  unique_fd one = open_null();
  unique_fd two = open_null();
  const int first = one.get();
  const int second = two.get();
  two = static_cast<unique_fd&&>(one);
  CHECK(two.get() == first);
  CHECK_FALSE(is_open(second));
  CHECK_FALSE(one);
}

TEST_CASE("a released descriptor is the caller's to close") {
  unique_fd fd = open_null();
  const int number = fd.release();
  CHECK_FALSE(fd);
  CHECK(is_open(number));
  ::close(number);
}
