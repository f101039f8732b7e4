// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/hasher.h"

#include "tree/password.h"

#include <catch2/catch.hpp>

#include <future>
#include <stdexcept>

using namespace heberg;
using namespace heberg::syncd;

namespace {

const store_function k_no_store = [](const std::string&, const tree::secret&) -> std::optional<tree::fingerprint> {
  throw std::logic_error("nothing is to be stored");
};

hash_job make_job(std::string site, std::string_view password, std::string old_hash = {}) {
  hash_job job;
  job.site = std::move(site);
  job.ticket = 7;
  job.password = tree::secret(password);
  job.old_hash = std::move(old_hash);
  job.file.inode = 3;
  return job;
}

hash_job make_new(std::string site) {
  hash_job job;
  job.site = std::move(site);
  job.make_new = true;
  return job;
}

}  // namespace

TEST_CASE("a password is hashed, and the result says whose it is and which file it came from") {
  const auto result = run_hash_job(make_job("a", "secret"), k_no_store);
  CHECK(result.site == "a");
  CHECK(result.ticket == 7);
  CHECK(result.file.inode == 3);
  CHECK(result.error.empty());
  CHECK(tree::is_hash_of(result.hash, tree::secret("secret")));
}

TEST_CASE("a password that the old hash is already of keeps it, another one does not") {
  const auto old = tree::hash_password(tree::secret("secret"));
  CHECK(run_hash_job(make_job("a", "secret", old), k_no_store).hash == old);
  CHECK(tree::is_hash_of(run_hash_job(make_job("a", "other", old), k_no_store).hash, tree::secret("other")));
}

TEST_CASE("a new password is stored, and its hash is of what was stored") {
  std::string stored;
  const auto result = run_hash_job(make_new("a"), [&stored](const std::string& site, const tree::secret& password) {
    CHECK(site == "a");
    stored = password.view();
    return tree::fingerprint{.inode = 9};
  });
  CHECK(stored.size() == 20);
  CHECK(result.made.view() == stored);
  CHECK(result.file.inode == 9);
  CHECK(tree::is_hash_of(result.hash, tree::secret(stored)));
}

TEST_CASE("where a file is there by now, nothing is made") {
  const auto result = run_hash_job(make_new("a"), [](auto&&...) { return std::nullopt; });
  CHECK(result.is_stale);
  CHECK(result.made.empty());
}

TEST_CASE("a password that cannot be stored has no hash, and the reason is reported") {
  const auto result = run_hash_job(make_new("a"), k_no_store);
  CHECK(result.hash.empty());
  CHECK(result.error == "nothing is to be stored");
}

TEST_CASE("jobs made while running overtake those of a start-up, and room is short for the latter alone") {
  std::vector<std::string> order;
  std::promise<void> gate, all;
  auto opened = gate.get_future().share();
  hasher hasher([](auto&&...) { return std::nullopt; },
                [&](hash_result result) {
                  if (result.site == "first") opened.wait();
                  order.push_back(result.site);
                  if (order.size() == 4) all.set_value();
                });
  hasher.push(make_new("first"), hasher::lane::bulk);
  hasher.push(make_new("b1"), hasher::lane::bulk);
  hasher.push(make_new("b2"), hasher::lane::bulk);
  hasher.push(make_new("urgent"), hasher::lane::urgent);
  CHECK(hasher.has_room());
  gate.set_value();
  all.get_future().wait();
  // "first" may still have been waiting in its queue when the urgent one came.
  std::erase(order, "first");
  CHECK(order == std::vector<std::string>{"urgent", "b1", "b2"});
}

TEST_CASE("the hasher ends without doing what is left") {
  int done = 0;
  {
    hasher hasher([](auto&&...) { return std::nullopt; }, [&](hash_result) { ++done; });
    for (int i = 0; i < 100; ++i) hasher.push(make_new("a"), hasher::lane::bulk);
    CHECK_FALSE(hasher.has_room());
  }
  CHECK(done < 100);
}
