// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/reconcile/adoptions.h"

#include <catch2/catch.hpp>

using namespace heberg;
using namespace heberg::syncd;
using Catch::Contains;

namespace {

constexpr uid_range k_range{20000, 20099};

adoptions::adoption find_uid(const tree::site_owners& trees, const std::string& site) {
  return adoptions(trees, k_range).find_uid(site);
}

}  // namespace

TEST_CASE("an owner that no other tree has is adopted, also from a tree without a mark") {
  CHECK(find_uid({{"a", {20001, {}}}, {"b", {20002, 20002}}}, "a").uid == 20001u);
  CHECK(find_uid({{"a", {20001, {}}}, {"b", {20002, 20002}}}, "b").uid == 20002u);
}

TEST_CASE("without a tree, a www folder, or an owner in range nothing is adopted and nothing is reported") {
  const tree::site_owners trees{{"no-www", {{}, 20001}}, {"root", {0, {}}}, {"www-data", {33, 33}}};
  for (const std::string site : {"none", "no-www", "root", "www-data"}) {
    INFO(site);
    CHECK_FALSE(find_uid(trees, site).uid);
    CHECK(find_uid(trees, site).why_not.empty());
  }
}

TEST_CASE(
    "a www folder that was given to another UID than its tree's mark is not believed, and does no harm to others") {
  const tree::site_owners trees{{"thief", {20002, 20001}}, {"victim", {20002, 20002}}, {"old", {20003, {}}}};
  CHECK_FALSE(find_uid(trees, "thief").uid);
  CHECK_THAT(find_uid(trees, "thief").why_not, Contains("uid 20002") && Contains("group of its tree is 20001"));
  CHECK(find_uid(trees, "victim").uid == 20002u);
}

TEST_CASE("a tree with a mark keeps its owner against one without, not against another with the same") {
  CHECK(find_uid({{"marked", {20001, 20001}}, {"plain", {20001, {}}}}, "marked").uid == 20001u);
  CHECK_THAT(find_uid({{"marked", {20001, 20001}}, {"plain", {20001, {}}}}, "plain").why_not,
             Contains("so does marked's"));
  CHECK_THAT(find_uid({{"a", {20001, 20001}}, {"b", {20001, 20001}}}, "a").why_not, Contains("so does b's"));
  CHECK_THAT(find_uid({{"a", {20001, {}}}, {"b", {20001, {}}}}, "b").why_not, Contains("so does a's"));
}

TEST_CASE("a group from before heberg is no mark") {
  CHECK(find_uid({{"a", {20001, 33}}}, "a").uid == 20001u);
}

TEST_CASE("every UID that a tree names is seen, marks too") {
  const tree::site_owners trees{{"a", {20001, 20002}}, {"b", {{}, 20003}}, {"c", {33, 33}}};
  CHECK(adoptions(trees, k_range).seen() == uid_set{33, 20001, 20002, 20003});
}
