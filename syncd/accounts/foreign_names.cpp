// SPDX-License-Identifier: LGPL-2.1-or-later
#include "syncd/accounts/foreign_names.h"

#include "base/errors.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <fstream>
#include <unordered_map>
#include <utility>
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
    throw_errno(error, "call", function);
  }
}

std::string describe(const char* what, const name_entry& entry) {
  return std::string("another source of names has the ") + what + " " + entry.name + " with the id " +
         std::to_string(entry.id);
}

// Users or groups, by both keys.
class name_list {
 public:
  void add(name_entry entry) {
    by_id_.emplace(entry.id, entry);
    auto name = entry.name;
    by_name_.emplace(std::move(name), std::move(entry));
  }
  [[nodiscard]] std::optional<name_entry> find(const std::string& name) const { return find_in(by_name_, name); }
  [[nodiscard]] std::optional<name_entry> find(std::uint32_t id) const { return find_in(by_id_, id); }

 private:
  template <typename Map, typename Key>
  static std::optional<name_entry> find_in(const Map& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(found->second);
  }
  std::unordered_map<std::string, name_entry> by_name_;
  std::unordered_map<std::uint32_t, name_entry> by_id_;
};

std::string read_nsswitch() {
  std::ifstream file("/etc/nsswitch.conf");
  std::string text(16 * 1024, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

bool is_listing_source(std::string_view source) {
  return source == "files" || source == "systemd" || source == "heberg" || source == "extrausers";
}

// How long the first token of a line of sources is: a name, or an action like "[NOTFOUND=return]".
std::size_t token_size(std::string_view line) {
  const auto end = line.front() == '[' ? line.find(']') : line.find_first_of(" \t[");
  if (end == std::string_view::npos) return line.size();
  return line.front() == '[' ? end + 1 : end;
}

bool line_can_be_listed(std::string_view line) {
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty()) return true;
    const auto token = line.substr(0, token_size(line));
    if (token.front() != '[' && !is_listing_source(token)) return false;
    line.remove_prefix(token.size());
  }
}

}  // namespace

bool sources_can_be_listed(std::string_view nsswitch) {
  while (!nsswitch.empty()) {
    const auto line = nsswitch.substr(0, nsswitch.find('\n'));
    nsswitch.remove_prefix(std::min(line.size() + 1, nsswitch.size()));
    auto text = line.substr(0, line.find('#'));
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    for (const std::string_view database : {"passwd:", "group:"}) {
      if (text.starts_with(database) && !line_can_be_listed(text.substr(database.size()))) return false;
    }
  }
  return true;  // a database without a line comes from files (nsswitch.conf(5))
}

struct system_name_service::list {
  name_list users;
  name_list groups;
  bool is_whole = true;  // false: a source failed half-way

  list() {
    ::setpwent();
    fill(users, ::getpwent);
    ::endpwent();
    ::setgrent();
    fill(groups, ::getgrent);
    ::endgrent();
  }

 private:
  template <typename Next>
  void fill(name_list& names, Next next) {
    for (;;) {
      errno = 0;
      const auto* entry = next();
      if (entry == nullptr) break;
      names.add(entry_of(*entry));
    }
    if (!means_unknown(errno)) is_whole = false;
  }
};

system_name_service::system_name_service() = default;
system_name_service::~system_name_service() = default;

system_name_service::list* system_name_service::fresh_list() {
  constexpr int few = 64;
  const auto now = std::chrono::steady_clock::now();
  if (now - begin_ > std::chrono::seconds(1)) {
    list_.reset();
    queries_ = 0;
    begin_ = now;
  }
  if (++queries_ <= few) return nullptr;
  if (list_ == nullptr && queries_ == few + 1 && sources_can_be_listed(read_nsswitch()))
    list_ = std::make_unique<list>();
  return list_ != nullptr && list_->is_whole ? list_.get() : nullptr;
}

std::optional<name_entry> system_name_service::find_user(const std::string& name) {
  if (const auto* all = fresh_list()) return all->users.find(name);
  return look_up<passwd>("getpwnam_r", [&](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); });
}

std::optional<name_entry> system_name_service::find_user(std::uint32_t uid) {
  if (const auto* all = fresh_list()) return all->users.find(uid);
  return look_up<passwd>("getpwuid_r", [&](auto... rest) { return ::getpwuid_r(uid, rest...); });
}

std::optional<name_entry> system_name_service::find_group(const std::string& name) {
  if (const auto* all = fresh_list()) return all->groups.find(name);
  return look_up<group>("getgrnam_r", [&](auto... rest) { return ::getgrnam_r(name.c_str(), rest...); });
}

std::optional<name_entry> system_name_service::find_group(std::uint32_t gid) {
  if (const auto* all = fresh_list()) return all->groups.find(gid);
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
    return std::string("cannot query the other sources of names: ") + error.what();
  }
  return {};
}

}  // namespace heberg::syncd
