// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proxy-render/files/certificates.h"

#include "base/errors.h"
#include "digest/certificate.h"
#include "proxy-render/files/file_stamp.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace heberg::proxy {
namespace fs = std::filesystem;

std::optional<std::string> stamp_of_certificate(const std::string& folder, const std::string& name) {
  const auto certificate = stamp_of(fs::path(folder) / (name + ".crt"));
  const auto key = stamp_of(fs::path(folder) / (name + ".key"));
  if (!certificate || !key) return std::nullopt;
  return *certificate + " " + *key;
}

certificates list_certificates(const std::string& folder) {
  certificates found;
  std::error_code error;
  const fs::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return found;
  if (error) throw_errno(error.value(), "open", folder);
  for (const auto& entry : entries) {
    const auto& path = entry.path();
    const auto name = site::parse_host(path.stem().string());
    const auto* host = std::get_if<site::host>(&name);
    // Only root can write here; but a name is rendered, and only a host name is safe to be.
    if (path.extension() != ".crt" || host == nullptr || host->text != path.stem().string()) continue;
    if (auto stamp = stamp_of_certificate(folder, host->text)) found[host->text] = std::move(*stamp);
  }
  return found;
}

std::optional<std::string> choose_certificate(const certificates& all, const site::host& host,
                                              const std::string& wanted) {
  const auto take = [&all](const std::string& name) { return all.contains(name) ? std::optional(name) : std::nullopt; };
  if (!wanted.empty()) return take(wanted);
  if (host.kind == site::host_kind::name || host.kind == site::host_kind::leading_wildcard) {
    if (const auto own = take(host.text)) return own;
    if (std::ranges::count(host.text, '.') > 1) {
      if (const auto parent = take(host.text.substr(host.text.find('.') + 1))) return parent;
    }
  }
  return take("default");
}

certificate_ends list_ends(const std::string& folder) {
  certificate_ends ends;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".crt") continue;
    constexpr std::uintmax_t k_most = 1U << 20U;
    std::error_code none;
    const auto size = fs::file_size(entry.path(), none);
    std::string text;
    if (!none && size <= k_most) {
      std::ifstream file(entry.path(), std::ios::binary);
      text.assign(std::istreambuf_iterator<char>(file), {});
    }
    ends[entry.path().stem().string()] = certificate_end(text);
  }
  return ends;
}

std::vector<std::string> explain_ends(const certificate_ends& ends, std::chrono::sys_seconds now) {
  constexpr std::chrono::days k_soon{14};
  std::vector<std::string> texts;
  for (const auto& [name, end] : ends) {
    const auto shown = "certificate " + site::printable(name);
    if (!end) {
      texts.push_back(shown + " cannot be read");
    } else if (*end <= now) {
      texts.push_back(shown + " has expired");
    } else if (*end - now < k_soon) {
      const auto days = std::chrono::floor<std::chrono::days>(*end - now).count();
      texts.push_back(shown + " expires in " + std::to_string(days) + (days == 1 ? " day" : " days"));
    }
  }
  return texts;
}

}  // namespace heberg::proxy
