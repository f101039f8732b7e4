// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/uid_pool.h"

#include <catch2/catch.hpp>

using heberg::syncd::uid_pool;
using heberg::syncd::uid_range;
using uids = heberg::syncd::uid_set;

namespace {
constexpr uid_range k_range{20000, 20004};
}

TEST_CASE("the first UID is the range's first") {
  CHECK(uid_pool(k_range, {}, {}).take_next() == 20000u);
}

TEST_CASE("the next UID is above the highest that was ever given, also where lower ones are free") {
  uid_pool pool(k_range, {20002}, {});
  CHECK(pool.take_next() == 20003u);
  CHECK(pool.take_next() == 20004u);
}

TEST_CASE("UIDs outside the range do not move the next one") {
  CHECK(uid_pool(k_range, {19999, 30000, 5000}, {}).take_next() == 20000u);
}

TEST_CASE("beyond the range's end the lowest UID that was never given is next, until none is left") {
  uid_pool pool(k_range, {20001, 20004}, {});
  CHECK(pool.take_next() == 20000u);
  CHECK(pool.take_next() == 20002u);
  CHECK(pool.take_next() == 20003u);
  CHECK(pool.take_next() == std::nullopt);
}

TEST_CASE("a UID that owns a tree is not given to another site, but can be adopted") {
  uid_pool pool(k_range, {}, {20000, 20001});
  CHECK(pool.take_next() == 20002u);
  CHECK(pool.adopt(20000));
  CHECK_FALSE(pool.adopt(20000));
}

TEST_CASE("only a UID in range that is free can be adopted") {
  uid_pool pool(k_range, {20001}, {});
  CHECK_FALSE(pool.adopt(0));
  CHECK_FALSE(pool.adopt(33));
  CHECK_FALSE(pool.adopt(20005));
  CHECK_FALSE(pool.adopt(20001));
  CHECK(pool.adopt(20003));
  CHECK(pool.take_next() == 20004u);
}

TEST_CASE("a UID that was given back is free") {
  uid_pool pool(k_range, {}, {});
  CHECK(pool.take_next() == 20000u);
  pool.give_back(20000);
  CHECK(pool.take_next() == 20000u);
}

TEST_CASE("nobody's UID and the invalid one are never given, whatever the range") {
  uid_pool around_nobody({65533, 65535}, {}, {});
  CHECK(around_nobody.take_next() == 65533u);
  CHECK(around_nobody.take_next() == 65535u);
  CHECK_FALSE(uid_pool({65533, 65535}, {}, {}).adopt(65534));
  uid_pool at_the_end({0xfffffffe, 0xffffffff}, {}, {});
  CHECK(at_the_end.take_next() == 0xfffffffeu);
  CHECK(at_the_end.take_next() == std::nullopt);
}
