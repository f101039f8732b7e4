// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/trees.h"

#include "base/errors.h"
#include "base/names.h"
#include "hebergctl/site_name.h"
#include "tree/admin_files.h"
#include "tree/password.h"
#include "tree/password_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <stdexcept>
#include <variant>

namespace heberg::ctl {

tree::shared_fd open_root(const settings& settings) {
  auto opened = tree::open_sites_root(settings.sites.root, tree::ownership(), tree::make_root::no);
  if (const auto* problem = std::get_if<tree::root_problem>(&opened)) throw std::runtime_error(problem->reason);
  return std::get<tree::shared_fd>(opened);
}

std::string read_keys_of(const settings& settings, const std::string& site) {
  if (!is_site_name(site)) throw std::runtime_error(explain_invalid_name(site));
  const auto root = open_root(settings);
  const unique_fd folder = tree::open_secrets_folder(root->get(), site);
  if (!folder) throw_errno("open .heberg of", site);
  return tree::read_keys(folder.get(), tree::ownership());
}

bool has_password_file(int root, const std::string& site) {
  const unique_fd folder = tree::open_secrets_folder(root, site);
  struct stat ignored {};
  return folder && ::fstatat(folder.get(), tree::k_password_file, &ignored, AT_SYMLINK_NOFOLLOW) == 0;
}

disk_share read_disk_share(const settings& settings, const std::string& site) {
  constexpr std::chrono::seconds k_most{10};
  const auto root = open_root(settings);
  const unique_fd secrets = tree::open_secrets_folder(root->get(), site);
  if (!secrets) throw_errno("open .heberg of", site);
  return {.use = tree::measure_use(root->get(), site, k_most),
          .limit = tree::read_quota(secrets.get(), tree::ownership())
                       .value_or(tree::quota{settings.sites.quota, settings.sites.quota_files})};
}

std::string print_disk_share(const disk_share& share) {
  const auto& [use, limit] = share;
  return (use.is_complete ? "" : "at least ") + tree::print_bytes(use.bytes) +
         (limit.bytes == 0 ? "" : " of " + tree::print_bytes(limit.bytes)) + ", " + std::to_string(use.files) +
         (limit.files == 0 ? "" : " of " + std::to_string(limit.files)) + " files" +
         (limit.is_set() ? "" : ", no limit");
}

void store_quota_of(const settings& settings, const std::string& site, const std::optional<tree::quota>& limit) {
  const auto root = open_root(settings);
  const unique_fd secrets = tree::open_secrets_folder(root->get(), site);
  if (!secrets) throw_errno("open .heberg of", site);
  tree::store_quota(secrets.get(), limit);
}

std::string read_password_of(const settings& settings, const std::string& site) {
  const auto root = open_root(settings);
  const unique_fd folder = tree::open_secrets_folder(root->get(), site);
  if (!folder) return {};
  const auto look = tree::read_password_file(folder.get(), std::nullopt, tree::ownership());
  const auto* found = std::get_if<tree::file_line>(&look);
  if (found == nullptr || tree::classify_line(found->line.view()).kind != tree::line_kind::password) return {};
  return std::string(found->line.view());
}

}  // namespace heberg::ctl
