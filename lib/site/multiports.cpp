// SPDX-License-Identifier: LGPL-2.1-or-later
#include "site/multiports.h"

#include "site/values.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace heberg::site {
namespace {

constexpr variable k_variable = "VIRTUAL_HOST_MULTIPORTS";

// Thrown and caught in this file alone: yaml-cpp throws, too.
struct refusal {
  std::string value;
  std::string reason;
};

[[noreturn]] void fail(std::string_view value, std::string reason) {
  throw refusal{std::string(value), std::move(reason)};
}

constexpr char k_has_alias[] = "has an alias (*): put a wildcard name in quotes";

// yaml-cpp shares the target of an alias instead of copying it; but no value needs an alias, and parsers differ in the
// meaning of `<<`. Found by yaml-cpp's own parser: where a quoted text or a comment ends is not decided twice.
class plain_yaml final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {
    if (++documents_ > 1) fail("", "has more than one document (---)");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override { forbid(anchor); }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { fail("", k_has_alias); }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t anchor, const std::string&) override {
    forbid(anchor);
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    forbid(anchor);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    forbid(anchor);
  }
  void OnMapEnd() override {}

 private:
  static void forbid(YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) fail("", "has an anchor (&)");
  }
  int documents_ = 0;
};

void forbid_anchors(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  plain_yaml events;
  try {
    while (parser.HandleNextDocument(events)) {
    }
  } catch (const YAML::ParserException& error) {
    if (error.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR)) fail("", k_has_alias);
    throw;
  }
}

std::string text_of(const YAML::Node& node, std::string_view what) {
  if (!node.IsDefined() || node.IsNull()) return {};
  if (!node.IsScalar()) fail(what, "is not a plain value");
  return std::string(trim(node.Scalar()));
}

class reader {
 public:
  explicit reader(const docker::container& container) : container_(container) {}

  std::vector<multiport> read(const YAML::Node& document) {
    if (!document.IsMap()) fail("", "is not a map from host names to paths");
    for (const auto& entry : document) read_host(text_of(entry.first, "a name"), entry.second);
    std::ranges::stable_sort(found_, {}, &multiport::host);
    return std::move(found_);
  }

 private:
  void read_host(const std::string& name, const YAML::Node& paths) {
    auto parsed = parse_host(name);
    if (const auto* reason = std::get_if<std::string>(&parsed)) fail(name, *reason);
    multiport one;
    one.host = std::get<host>(std::move(parsed));
    if (!hosts_.insert(one.host).second) fail(name, "appears twice");
    if (hosts_.size() > k_hosts_max) fail(name, "exceeds the limit of 256 names");
    if (one.host.kind == host_kind::regex) count_regex(name);
    if (!paths.IsNull() && !paths.IsMap()) fail(name, "must contain a map of paths");
    one.external = read_external(name, paths);
    bool has_path = false;
    for (const auto& entry : paths) {
      const auto key = text_of(entry.first, "a key");
      if (!key.starts_with('/')) continue;  // read_external() has refused what is not known
      has_path = true;
      read_path(one, key, entry.second);
    }
    if (!has_path) read_path(one, "/", YAML::Node());
  }

  external_ports read_external(const std::string& name, const YAML::Node& paths) const {
    std::string http, https;
    for (const auto& entry : paths) {
      const auto key = text_of(entry.first, "a key");
      if (key == "external_http_port") {
        http = text_of(entry.second, key);
      } else if (key == "external_https_port") {
        https = text_of(entry.second, key);
      } else if (!key.starts_with('/')) {
        fail(key, "is neither a path nor external_http_port nor external_https_port, below " + printable(name));
      }
    }
    auto ports = make_external_ports(k_variable, http, https);
    if (const auto* refused = std::get_if<refused_value>(&ports)) throw refusal{refused->value, refused->reason};
    return std::get<external_ports>(ports);
  }

  void read_path(multiport one, const std::string& path, const YAML::Node& settings) {
    if (!settings.IsNull() && !settings.IsMap()) fail(path, "must contain a map of port, dest and proto");
    std::string port, dest, proto;
    for (const auto& entry : settings) {
      const auto key = text_of(entry.first, "a key");
      auto* to = key == "port" ? &port : key == "dest" ? &dest : key == "proto" ? &proto : nullptr;
      if (to == nullptr) fail(key, "is not one of port, dest, proto, below " + printable(path));
      *to = text_of(entry.second, key);
    }
    one.port = port.empty() ? usual_port() : read_port(port);
    auto made = make_route(k_variable, path, dest, proto, "/var/www/public");
    if (const auto* refused = std::get_if<refused_value>(&made)) throw refusal{refused->value, refused->reason};
    one.route = std::get<route>(std::move(made));
    if (!paths_.insert({one.host, one.route.path}).second) fail(path, "appears twice");
    const auto kind = one.route.path.kind;
    if (kind == path_kind::regex || kind == path_kind::regex_nocase) count_regex(path);
    found_.push_back(std::move(one));
    if (found_.size() > k_multiports_paths_max) fail(path, "exceeds the limit of 1024 paths");
  }

  void count_regex(const std::string& text) {
    if (++regexes_ > k_regexes_max)
      fail(text, "exceeds the limit of 16 regular expressions: use plain names and paths, or wildcards");
  }

  static std::uint16_t read_port(const std::string& text) {
    const auto number = parse_number(text, 1, 65535);
    if (!number) fail(text, "is not a port from 1 to 65535");
    return static_cast<std::uint16_t>(*number);
  }

  std::uint16_t usual_port() const {
    auto port = exposed_port(container_);
    if (std::holds_alternative<refused_value>(port))
      fail("", "must contain a port: the container is on the host's network");
    return std::get<std::uint16_t>(port);
  }

  const docker::container& container_;
  std::set<host> hosts_;
  std::set<std::pair<host, path>> paths_;
  std::vector<multiport> found_;
  std::size_t regexes_ = 0;
};

}  // namespace

std::variant<std::vector<multiport>, refused_value> multiports_of(const docker::container& container) {
  const auto text = read_value(container, k_variable);
  if (text.empty()) return std::vector<multiport>{};
  if (text.size() > k_multiports_bytes_max) return refuse(k_variable, text, "is longer than 16 KB");
  if (text.find('\0') != std::string_view::npos) return refuse(k_variable, text, "contains a NUL byte");
  try {
    const std::string copy(text);
    forbid_anchors(copy);
    return reader(container).read(YAML::Load(copy));
  } catch (const refusal& why) {
    return refuse(k_variable, why.value.empty() ? text : why.value, why.reason);
  } catch (const YAML::Exception& error) {
    return refuse(k_variable, text, "is neither YAML nor JSON: " + printable(error.what()));
  }
}

}  // namespace heberg::site
