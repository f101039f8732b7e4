// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/foreign_names.h"

#include <catch2/catch.hpp>

#include <system_error>
#include <vector>

using namespace heberg::syncd;
using Catch::Contains;

namespace {

class fake_names final : public name_service {
 public:
  std::vector<name_entry> users;
  std::vector<name_entry> groups;
  bool broken = false;

  std::optional<name_entry> find_user(const std::string& name) override { return find(users, name); }
  std::optional<name_entry> find_user(std::uint32_t uid) override { return find(users, uid); }
  std::optional<name_entry> find_group(const std::string& name) override { return find(groups, name); }
  std::optional<name_entry> find_group(std::uint32_t gid) override { return find(groups, gid); }

 private:
  template <typename Key>
  std::optional<name_entry> find(const std::vector<name_entry>& all, const Key& key) const {
    if (broken) throw std::system_error(EIO, std::generic_category(), "ask");
    for (const auto& entry : all) {
      if constexpr (std::is_same_v<Key, std::uint32_t>) {
        if (entry.id == key) return entry;
      } else {
        if (entry.name == key) return entry;
      }
    }
    return std::nullopt;
  }
};

const name_entry k_ours{"site_1", 20000, "/sites/site_1"};

}  // namespace

TEST_CASE("a name and an id that no other source has are free") {
  fake_names names;
  names.users = {{"bob", 1000, "/home/bob"}};
  CHECK(explain_foreign(names, k_ours).empty());
}

TEST_CASE("our own entry, shown by libnss_heberg on this machine, is not foreign") {
  fake_names names;
  names.users = {k_ours};
  names.groups = {{"site_1", 20000, {}}};
  CHECK(explain_foreign(names, k_ours).empty());
}

TEST_CASE("each of name and id, of user and group, is found to be somebody else's") {
  fake_names names;
  SECTION("the user's name") {
    names.users = {{"site_1", 1000, "/sites/site_1"}};
  }
  SECTION("the user's id") {
    names.users = {{"bob", 20000, "/home/bob"}};
  }
  SECTION("the same name and id, with another home") {
    names.users = {{"site_1", 20000, "/home/site_1"}};
  }
  SECTION("the group's name") {
    names.groups = {{"site_1", 1000, {}}};
  }
  SECTION("the group's id") {
    names.groups = {{"staff2", 20000, {}}};
  }
  CHECK_THAT(explain_foreign(names, k_ours), Contains("another source of names has the"));
}

TEST_CASE("sources that cannot be asked are a reason to refuse: they may know the name") {
  fake_names names;
  names.broken = true;
  CHECK_THAT(explain_foreign(names, k_ours), Contains("cannot query the other sources of names"));
}

TEST_CASE("the machine's own sources are asked by name and by id") {
  system_name_service names;
  CHECK(names.find_user("root")->id == 0);
  CHECK(names.find_user(0u)->name == "root");
  CHECK(names.find_group("root")->id == 0);
  CHECK(names.find_group(0u)->name == "root");
  CHECK_FALSE(names.find_user("no-such-user-here"));
  CHECK_FALSE(names.find_group(3'999'999'999u));
}

TEST_CASE("asked for many names in a row, the machine's sources answer the same") {
  system_name_service names;
  for (int i = 0; i < 200; ++i) {
    CHECK(names.find_user("root")->id == 0);
    CHECK(names.find_group(0u)->name == "root");
    CHECK_FALSE(names.find_user("no-such-user-here"));
    CHECK_FALSE(names.find_group(3'999'999'999u));
  }
}

TEST_CASE("only sources that list all they know are listed") {
  const auto [text, expected] = GENERATE(table<std::string, bool>({
      {"", true},
      {"passwd: files\ngroup: files\n", true},
      {"passwd:         files systemd\ngroup:          files systemd\nshadow: sss\n", true},
      {"passwd: files heberg extrausers", true},
      {"passwd: files [NOTFOUND=return] systemd", true},
      {"passwd: files[SUCCESS=merge]systemd", true},
      {"passwd: files [NOTFOUND=return", true},
      {"passwd: files ldap\ngroup: files\n", false},
      {"passwd: files\ngroup: files sss\n", false},
      {"  passwd:\tfiles\twinbind", false},
      {"passwd: files # ldap", true},
      {"# passwd: ldap", true},
      {"passwd: compat", false},
  }));
  INFO(text);
  CHECK(sources_can_be_listed(text) == expected);
}
