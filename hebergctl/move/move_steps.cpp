// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/move/move_steps.h"

#include "archive/pack.h"
#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/unique_fd.h"
#include "digest/sha256.h"
#include "ledger/ledger.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace heberg::ctl {
namespace {

const std::string k_reason = "moves to ";

}  // namespace

std::string move_file(const settings& settings, const std::string& name) {
  return settings.state_dir + "/moves/" + name;
}

void write_move_file(const settings& settings, const std::string& name, const std::string& text) {
  const auto folder = settings.state_dir + "/moves";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("create", folder);
  const unique_fd parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent) throw_errno("open", folder);
  atomic_file file;
  int error = file.open(parent.get(), name, 0600, 0, 0);
  if (error == 0) error = file.write(text);
  if (error == 0) error = file.commit();
  if (error != 0) throw_errno(error, "write", move_file(settings, name));
}

void remove_move_file(const settings& settings, const std::string& name) {
  const auto path = move_file(settings, name);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw_errno("remove", path);
}

std::string move_reason(const std::string& host) {
  return k_reason + host;
}

std::string moves_to(const settings& settings, const std::string& site) {
  const auto row = ledger::read_site(settings.state_dir, site);
  if (!row || !row->is_locked() || !row->lock_reason.starts_with(k_reason)) return {};
  if (::access(move_file(settings, site + ".json").c_str(), F_OK) != 0) return {};
  return row->lock_reason.substr(k_reason.size());
}

tree_sum sum_of(const archive::head& about, int tree) {
  const unique_fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!nowhere) throw_errno("open", "/dev/null");
  const auto packed = archive::pack(about, tree, nowhere.get(), archive::compression::none).packed;
  return {.text = to_hex(sha256_of(to_text(packed))), .files = packed.size()};
}

}  // namespace heberg::ctl
