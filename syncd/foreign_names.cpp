// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/foreign_names.h"

#include "base/errors.h"

#include <grp.h>
#include <pwd.h>

#include <vector>

namespace heberg::syncd {
namespace {

name_entry entry_of(const passwd& user) {
  return {user.pw_name, user.pw_uid, user.pw_dir};
}
name_entry entry_of(const group& group) {
  return {group.gr_name, group.gr_gid, {}};
}

// getpwnam_r(3): "not found" is 0, or one of these, depending on the source.
bool means_unknown(int error) {
  return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

// call(entry*, buffer, size, result**): one of the four _r functions with its key bound.
template <typename Entry, typename Call>
std::optional<name_entry> look_up(const char* function, Call call) {
  constexpr std::size_t largest = 16 * 1024 * 1024;  // a group of very many members
  for (std::vector<char> buffer(4096);; buffer.resize(buffer.size() * 4)) {
    Entry entry{};
    Entry* result = nullptr;
    const int error = call(&entry, buffer.data(), buffer.size(), &result);
    if (result != nullptr) return entry_of(*result);
    if (error == EINTR) continue;
    if (error == ERANGE && buffer.size() < largest) continue;
    if (means_unknown(error)) return std::nullopt;
    throw_errno(error, "ask", function);
  }
}

std::string describe(const char* what, const name_entry& entry) {
  return std::string("another source of names has the ") + what + " " + entry.name + " with the id " +
         std::to_string(entry.id);
}

}  // namespace

std::optional<name_entry> system_name_service::find_user(const std::string& name) {
  return look_up<passwd>("getpwnam_r", [&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); });
}

std::optional<name_entry> system_name_service::find_user(std::uint32_t uid) {
  return look_up<passwd>("getpwuid_r", [&](auto... rest) { return ::getpwuid_r(uid, rest...); });
}

std::optional<name_entry> system_name_service::find_group(const std::string& name) {
  return look_up<group>("getgrnam_r", [&](auto... rest) { return ::getgrnam_r(name.c_str(), rest...); });
}

std::optional<name_entry> system_name_service::find_group(std::uint32_t gid) {
  return look_up<group>("getgrgid_r", [&](auto... rest) { return ::getgrgid_r(gid, rest...); });
}

std::string explain_foreign(name_service& names, const name_entry& ours) {
  const auto is_our_user = [&](const name_entry& e) {
    return e.name == ours.name && e.id == ours.id && e.home == ours.home;
  };
  const auto is_our_group = [&](const name_entry& e) { return e.name == ours.name && e.id == ours.id; };
  try {
    if (const auto user = names.find_user(ours.name); user && !is_our_user(*user)) return describe("user", *user);
    if (const auto user = names.find_user(ours.id); user && !is_our_user(*user)) return describe("user", *user);
    if (const auto group = names.find_group(ours.name); group && !is_our_group(*group))
      return describe("group", *group);
    if (const auto group = names.find_group(ours.id); group && !is_our_group(*group)) return describe("group", *group);
  } catch (const std::system_error& error) {
    return std::string("other sources of names cannot be asked: ") + error.what();
  }
  return {};
}

}  // namespace heberg::syncd
