// SPDX-License-Identifier: LGPL-2.1-or-later
// The table k_keys below is the list of all keys: a new one is one line there. Long because toml++ is used as headers alone,
// in this one file: it costs the compiler seconds.
#include "program/settings.h"

#include "base/characters.h"
#include "base/errors.h"
#include "base/names.h"
#include "base/unique_fd.h"
#include "program/log.h"
#include "program/settings_value.h"
#include "program/toml_text.h"

// toml++ 3.3 asserts what it then handles as an error ("[=" ends a debug build); its release builds have no assertions
// either.
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

namespace heberg {
namespace {

constexpr std::size_t k_file_max = 1'000'000;      // bytes
constexpr std::uint32_t k_uid_limit = 0x7fffffff;  // above: negative to programs that keep a UID in an int
constexpr std::size_t k_images_max = 100;
constexpr std::size_t k_networks_max = 256;
constexpr std::size_t k_texts_max = 100'000;  // of one list
constexpr std::size_t k_text_max = 512;       // bytes

// The value as a message shows it. Strings are cut; they may hold anything.
std::string shown(const toml::node& node) {
  constexpr std::size_t k_longest = 64;
  if (const auto text = node.value_exact<std::string>())
    return "\"" + escape_line(text->substr(0, k_longest)) + (text->size() > k_longest ? "...\"" : "\"");
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  if (node.is_array()) return "[...]";
  if (node.is_table()) return "{...}";
  return "of another type";
}

bool is_one_word(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == ' ' || is_control(c); });
}

// A node of the file, and where it stands.
struct value {
  const toml::node& node;
  std::string_view file, section, key;

  // "heberg.toml:12: [proxy] http_port: "
  [[nodiscard]] std::string place() const {
    std::string text(file);
    text += ":" + std::to_string(node.source().begin.line) + ": ";
    if (!section.empty()) text.append("[").append(section).append("] ");
    if (!key.empty()) text.append(key).append(": ");
    return text;
  }

  [[noreturn]] void fail(std::string_view reason) const { throw settings_error(place().append(reason)); }

  // wanted: what to write instead.
  [[noreturn]] void refuse(std::string_view wanted) const {
    fail("invalid value " + shown(node) + ": use " + std::string(wanted));
  }

  template <class type>
  [[nodiscard]] type exactly(std::string_view wanted) const {
    if (const auto v = node.value_exact<type>()) return *v;
    refuse(wanted);
  }

  [[nodiscard]] bool boolean() const { return exactly<bool>("true or false"); }

  template <class integer>
  [[nodiscard]] integer number(integer min, integer max) const {
    const std::string wanted = "a number from " + std::to_string(min) + " to " + std::to_string(max);
    const auto v = exactly<std::int64_t>(wanted);
    if (v < std::int64_t{min} || v > std::int64_t{max}) refuse(wanted);
    return static_cast<integer>(v);
  }

  [[nodiscard]] std::string path() const {
    constexpr std::string_view k_wanted = "an absolute path without \"..\"";
    const auto v = parse_path(exactly<std::string>(k_wanted));
    if (!v) refuse(k_wanted);
    return *v;
  }

  // A path that stands in passwd(5) entries and in mounts, where a colon ends it.
  [[nodiscard]] std::string field_path() const {
    auto v = path();
    if (v == "/" || v.find(':') != std::string::npos) refuse("an absolute path other than /, without \":\"");
    return v;
  }

  [[nodiscard]] std::chrono::milliseconds duration(std::chrono::milliseconds min, std::chrono::milliseconds max) const {
    constexpr std::string_view k_wanted = "a duration such as \"100ms\", \"5s\" or \"2m\"";
    const auto v = parse_duration(exactly<std::string>(k_wanted));
    if (!v) refuse(k_wanted);
    if (*v < min || *v > max) {
      refuse("a duration from " + std::to_string(min.count()) + "ms to " + std::to_string(max.count()) + "ms");
    }
    return *v;
  }

  [[nodiscard]] std::uint64_t size(std::uint64_t min = 0) const {
    constexpr std::string_view k_wanted = "a size such as \"10MB\", \"64m\" or \"1GiB\"";
    const auto v = parse_size(exactly<std::string>(k_wanted));
    if (!v) refuse(k_wanted);
    if (*v < min) refuse("at least " + std::to_string(min) + " bytes");
    return *v;
  }

  [[nodiscard]] std::string engine_host() const {
    constexpr std::string_view k_wanted = "\"unix:///PATH\" or \"tcp://HOST:PORT\"";
    auto v = exactly<std::string>(k_wanted);
    if (!is_engine_host(v)) refuse(k_wanted);
    return v;
  }

  [[nodiscard]] std::string reload() const {
    constexpr std::string_view k_wanted = "\"pid:FILE\", \"container:NAME\" or \"command:COMMAND\"";
    auto v = exactly<std::string>(k_wanted);
    if (!is_reload(v)) refuse(k_wanted);
    return v;
  }

  [[nodiscard]] std::string container_name() const {
    constexpr std::string_view k_wanted = "the name of a container";
    auto v = exactly<std::string>(k_wanted);
    if (!is_container_name(v)) refuse(k_wanted);
    return v;
  }

  // A number of things that are kept.
  [[nodiscard]] std::uint32_t count() const { return number<std::uint32_t>(0, 10'000); }

  // Without control characters, and no option of a command; the rest is checked where it is used.
  [[nodiscard]] std::string text(std::string_view wanted) const {
    auto v = exactly<std::string>(wanted);
    if (v.empty() || v.front() == '-' || std::ranges::any_of(v, is_control)) refuse(wanted);
    return v;
  }

  // A program and its arguments, split at blanks. No shell is used.
  [[nodiscard]] std::string command() const {
    constexpr std::string_view k_wanted = "a program and its arguments, such as \"nginx\"";
    auto v = exactly<std::string>(k_wanted);
    if (v.find_first_not_of(' ') == std::string::npos || std::ranges::any_of(v, is_control)) {
      refuse(k_wanted);
    }
    return v;
  }

  [[nodiscard]] std::string one_of(std::initializer_list<std::string_view> known) const {
    std::string wanted = "one of";
    for (const auto name : known) wanted.append(" \"").append(name).append("\"");
    auto v = exactly<std::string>(wanted);
    if (std::ranges::find(known, v) == known.end()) refuse(wanted);
    return v;
  }

  // A list of known names, each at most once.
  [[nodiscard]] std::vector<std::string> some_of(std::initializer_list<std::string_view> known) const {
    std::string wanted = "a list of some of";
    for (const auto name : known) wanted.append(" \"").append(name).append("\"");
    wanted += ", each once";
    const auto* list = node.as_array();
    if (list == nullptr) refuse(wanted);
    std::vector<std::string> result;
    for (const auto& element : *list) {
      auto name = element.value_exact<std::string>();
      if (!name || std::ranges::find(known, *name) == known.end() || std::ranges::find(result, *name) != result.end())
        refuse(wanted);
      result.push_back(std::move(*name));
    }
    return result;
  }

  [[nodiscard]] std::vector<std::string> networks() const {
    constexpr std::string_view k_wanted = "a list of addresses and networks such as [\"192.0.2.1\", \"2001:db8::/32\"]";
    const auto* list = node.as_array();
    if (list == nullptr || list->size() > k_networks_max) refuse(k_wanted);
    std::vector<std::string> result;
    for (const auto& element : *list) {
      const auto text = element.value_exact<std::string>();
      const auto network = text ? parse_network(*text) : std::nullopt;
      if (!network) refuse(k_wanted);
      if (std::ranges::find(result, *network) == result.end()) result.push_back(*network);
    }
    return result;
  }

  [[nodiscard]] std::vector<std::string> host_ports() const {
    constexpr std::string_view k_wanted = "a list of the host's ports such as [\"tcp/25\", \"udp/5000-5010\"]";
    const auto* list = node.as_array();
    if (list == nullptr || list->size() > k_networks_max) refuse(k_wanted);
    std::vector<std::string> result;
    for (const auto& element : *list) {
      auto text = element.value_exact<std::string>();
      if (!text || !is_host_port(*text)) refuse(k_wanted);
      if (std::ranges::find(result, *text) == result.end()) result.push_back(std::move(*text));
    }
    return result;
  }

  [[nodiscard]] std::vector<std::string> patterns() const {
    constexpr std::string_view k_wanted = "a list of image names such as [\"php:apache\"]";
    const auto* list = node.as_array();
    if (list == nullptr || list->size() > k_images_max) refuse(k_wanted);
    std::vector<std::string> result;
    for (const auto& element : *list) {
      auto pattern = element.value_exact<std::string>();
      if (!pattern || pattern->empty() || pattern->size() > 256) refuse(k_wanted);
      if (std::ranges::any_of(*pattern, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }))
        refuse(k_wanted);
      result.push_back(std::move(*pattern));
    }
    return result;
  }

  // Each element as `accepts` wants it.
  [[nodiscard]] std::vector<std::string> texts(std::string_view wanted, bool (*accepts)(std::string_view)) const {
    const auto* list = node.as_array();
    if (list == nullptr || list->size() > k_texts_max) refuse(wanted);
    std::vector<std::string> result;
    for (const auto& element : *list) {
      auto text = element.value_exact<std::string>();
      if (!text || text->empty() || text->size() > k_text_max || !accepts(*text)) refuse(wanted);
      result.push_back(std::move(*text));
    }
    return result;
  }
};

using setter = void (*)(settings&, const value&);

struct known_key {
  std::string_view section, key;
  setter set;
};

using namespace std::chrono_literals;

constexpr known_key k_keys[] = {
    {"", "state_dir", [](settings& s, const value& v) { s.state_dir = v.path(); }},
    {"docker", "host", [](settings& s, const value& v) { s.docker.host = v.engine_host(); }},
    {"sites", "root", [](settings& s, const value& v) { s.sites.root = v.field_path(); }},
    {"sites", "host_root", [](settings& s, const value& v) { s.sites.host_root = v.field_path(); }},
    {"sites", "quota", [](settings& s, const value& v) { s.sites.quota = v.size(); }},
    {"sites", "quota_files",
     [](settings& s, const value& v) { s.sites.quota_files = v.number<std::uint32_t>(0, 4'000'000'000U); }},
    {"sites", "images", [](settings& s, const value& v) { s.sites.images = v.patterns(); }},
    {"sites", "named_by_label",
     [](settings& s, const value& v) {
       s.sites.named_by_label = v.texts("a list of sites' names such as [\"site_1\"]", is_site_name);
     }},
    {"accounts", "uid_min", [](settings& s, const value& v) { s.accounts.uid_min = v.number(k_id_min, k_uid_limit); }},
    {"accounts", "uid_max", [](settings& s, const value& v) { s.accounts.uid_max = v.number(k_id_min, k_uid_limit); }},
    {"accounts", "retire_after", [](settings& s, const value& v) { s.accounts.retire_after = v.duration(0ms, 24h); }},
    {"accounts", "shell", [](settings& s, const value& v) { s.accounts.shell = v.field_path(); }},
    {"passwords", "log_generated", [](settings& s, const value& v) { s.passwords.log_generated = v.boolean(); }},
    {"logs", "enabled", [](settings& s, const value& v) { s.logs.enabled = v.boolean(); }},
    {"logs", "max_size", [](settings& s, const value& v) { s.logs.max_size = v.size(1000); }},
    {"logs", "max_total", [](settings& s, const value& v) { s.logs.max_total = v.size(); }},
    {"logs", "keep", [](settings& s, const value& v) { s.logs.keep = v.count(); }},
    {"logs", "compress",
     [](settings& s, const value& v) {
       s.logs.compress = v.one_of({"gzip", "none"});
     }},
    {"logs", "sftp_keep_for", [](settings& s, const value& v) { s.logs.sftp_keep_for = v.duration(1h, 87'600h); }},
    {"logs", "sftp_max_total", [](settings& s, const value& v) { s.logs.sftp_max_total = v.size(); }},
    {"logs", "min_free", [](settings& s, const value& v) { s.logs.min_free = v.number<std::uint32_t>(0, 50); }},
    {"logs", "also", [](settings& s, const value& v) { s.logs.also = v.some_of({"journald"}); }},
    {"proxy", "output", [](settings& s, const value& v) { s.proxy.output = v.path(); }},
    {"proxy", "reload", [](settings& s, const value& v) { s.proxy.reload = v.reload(); }},
    {"proxy", "container", [](settings& s, const value& v) { s.proxy.container = v.container_name(); }},
    {"proxy", "http_port", [](settings& s, const value& v) { s.proxy.http_port = v.number<std::uint16_t>(1, 65535); }},
    {"proxy", "https_port",
     [](settings& s, const value& v) { s.proxy.https_port = v.number<std::uint16_t>(1, 65535); }},
    {"proxy", "certs", [](settings& s, const value& v) { s.proxy.certs = v.path(); }},
    {"proxy", "vhost_d", [](settings& s, const value& v) { s.proxy.vhost_d = v.path(); }},
    {"proxy", "htpasswd", [](settings& s, const value& v) { s.proxy.htpasswd = v.path(); }},
    {"proxy", "conf_d", [](settings& s, const value& v) { s.proxy.conf_d = v.path(); }},
    {"proxy", "errors", [](settings& s, const value& v) { s.proxy.errors = v.path(); }},
    {"proxy", "acme", [](settings& s, const value& v) { s.proxy.acme = v.path(); }},
    {"proxy", "max_body", [](settings& s, const value& v) { s.proxy.max_body = v.size(); }},
    {"proxy", "max_body_limit", [](settings& s, const value& v) { s.proxy.max_body_limit = v.size(); }},
    {"proxy", "client_requests",
     [](settings& s, const value& v) { s.proxy.client_requests = v.number<std::uint32_t>(0, 1'000'000); }},
    {"proxy", "max_generations",
     [](settings& s, const value& v) { s.proxy.max_generations = v.number<std::uint32_t>(2, 100); }},
    {"proxy", "map_from_hosts",
     [](settings& s, const value& v) { s.proxy.map_from_hosts = v.number<std::uint32_t>(0, 1'000'000); }},
    {"proxy", "default_host", [](settings& s, const value& v) { s.proxy.default_host = v.text("a host name"); }},
    {"proxy", "trust", [](settings& s, const value& v) { s.proxy.trust = v.networks(); }},
    {"proxy", "proxy_protocol", [](settings& s, const value& v) { s.proxy.proxy_protocol = v.boolean(); }},
    {"proxy", "http3", [](settings& s, const value& v) { s.proxy.http3 = v.boolean(); }},
    {"proxy", "ipv6", [](settings& s, const value& v) { s.proxy.ipv6 = v.boolean(); }},
    {"proxy", "nginx", [](settings& s, const value& v) { s.proxy.nginx = v.command(); }},
    {"proxy", "access_log", [](settings& s, const value& v) { s.proxy.access_log = v.path(); }},
    {"proxy", "external_ports",
     [](settings& s, const value& v) {
       s.proxy.external_ports = v.texts("a list of ports such as [\"8081\", \"9000-9010\"]",
                                        [](std::string_view text) { return parse_port_range(text).has_value(); });
     }},
    {"proxy", "shared_hosts",
     [](settings& s, const value& v) {
       s.proxy.shared_hosts = v.texts("a list of host names such as [\"www.example.org\"]", is_one_word);
     }},
    {"proxy", "host_owners",
     [](settings& s, const value& v) {
       s.proxy.host_owners = v.texts("a list of host names and their sites such as [\"*.example.org site_1\"]",
                                     [](std::string_view text) { return parse_word_pair(text).has_value(); });
     }},
    {"proxy", "hold_names_for", [](settings& s, const value& v) { s.proxy.hold_names_for = v.duration(0ms, 8760h); }},
    {"proxy", "internal", [](settings& s, const value& v) { s.proxy.internal = v.networks(); }},
    {"network", "guard", [](settings& s, const value& v) { s.network.guard = v.boolean(); }},
    {"network", "host_ports", [](settings& s, const value& v) { s.network.host_ports = v.host_ports(); }},
    {"archive", "max_size", [](settings& s, const value& v) { s.archive.max_size = v.size(); }},
    {"archive", "max_entries",
     [](settings& s, const value& v) { s.archive.max_entries = v.number<std::uint32_t>(1000, 100'000'000); }},
    {"backup", "repository",
     [](settings& s, const value& v) {
       s.backup.repository = v.text("a repository as restic(1) takes it, such as \"/srv/backup\"");
     }},
    {"backup", "password_file", [](settings& s, const value& v) { s.backup.password_file = v.path(); }},
    {"backup", "keep_daily", [](settings& s, const value& v) { s.backup.keep_daily = v.count(); }},
    {"backup", "keep_weekly", [](settings& s, const value& v) { s.backup.keep_weekly = v.count(); }},
    {"backup", "keep_monthly", [](settings& s, const value& v) { s.backup.keep_monthly = v.count(); }},
};

// Keys that had another name. The old one is accepted, with a warning.
struct renamed_key {
  std::string_view section, was, is;
};

constexpr renamed_key k_renamed[] = {
    {"proxy", "many_hosts", "map_from_hosts"},
    {"proxy", "keep_names", "hold_names_for"},
};

// section: the table that v stands in.
void apply(settings& s, const value& v, const toml::table& section) {
  auto name = v.key;
  const auto renamed =
      std::ranges::find_if(k_renamed, [&](const renamed_key& k) { return k.section == v.section && k.was == v.key; });
  if (renamed != std::end(k_renamed)) {
    name = renamed->is;
    const std::string is(renamed->is);
    if (section.contains(is)) v.fail("is the old name of " + is + ", which is set too: remove " + std::string(v.key));
    s.warnings.push_back(v.place() + "the key has a new name: use " + is);
  }
  const auto found =
      std::ranges::find_if(k_keys, [&](const known_key& k) { return k.section == v.section && k.key == name; });
  if (found == std::end(k_keys)) v.fail("unknown key: see heberg.toml(5)");
  found->set(s, v);
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(k_keys, [&](const known_key& k) { return !k.section.empty() && k.section == name; });
}

void apply_section(settings& s, const value& section) {
  const auto* table = section.node.as_table();
  if (table == nullptr) section.fail("is a section, not a value: write [" + std::string(section.section) + "]");
  for (const auto& [key, node] : *table) apply(s, {node, section.file, section.section, key.str()}, *table);
}

// Refuses two keys that contradict each other, at the line of the first of them that is in the file.
[[noreturn]] void fail_range(const toml::table& root, std::string_view file, std::string_view reason) {
  const auto accounts = root["accounts"];
  for (const std::string_view key : {"uid_min", "uid_max"}) {
    if (const auto* node = accounts[key].node()) value{*node, file, "accounts", key}.fail(reason);
  }
  throw settings_error(std::string(file).append(": ").append(reason));
}

void check_range(const settings& s, const toml::table& root, std::string_view file) {
  const auto min = s.accounts.uid_min;
  const auto max = s.accounts.uid_max;
  const std::string range = std::to_string(min) + " to " + std::to_string(max);
  if (min > max) fail_range(root, file, "the UID range " + range + " is empty: set uid_min below uid_max");
  if (min <= k_id_nobody && k_id_nobody <= max)
    fail_range(root, file,
               "the UID range " + range + " contains 65534, the UID of nobody: end below it or start above");
}

// Else any client that reaches the port could pretend any address.
void check_downstream(const settings& s, const toml::table& root, std::string_view file) {
  if (!s.proxy.proxy_protocol || !s.proxy.trust.empty()) return;
  value{*root["proxy"]["proxy_protocol"].node(), file, "proxy", "proxy_protocol"}.fail(
      "needs proxy.trust: list the load balancers whose PROXY lines are believed");
}

[[noreturn]] void fail(std::string_view file, std::size_t line, std::string_view reason) {
  throw settings_error(std::string(file) + ":" + std::to_string(line) + ": " + std::string(reason));
}

// Nothing where there is no such file.
std::optional<std::string> read_file(const std::string& path) {
  const unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return std::nullopt;
    throw_errno("open", path);
  }
  std::string text;
  char block[4096];
  for (;;) {
    const auto count = ::read(fd.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("read", path);
    if (count == 0) return text;
    text.append(block, static_cast<std::size_t>(count));
    if (text.size() > k_file_max) throw settings_error(path + ": larger than 1 MB: this is no settings file");
  }
}

}  // namespace

settings parse_settings(std::string_view text, std::string_view name) {
  const auto ascii = make_ascii(text);
  if (const auto* error = std::get_if<toml_error>(&ascii)) fail(name, error->line, error->reason);
  toml::table root;
  try {
    root = toml::parse(std::get<std::string>(ascii), name);
  } catch (const toml::parse_error& error) {
    fail(name, error.source().begin.line, error.description());
  }
  settings s;
  for (const auto& [key, node] : root) {
    if (is_section(key.str())) {
      apply_section(s, {node, name, key.str(), ""});
    } else {
      apply(s, {node, name, "", key.str()}, root);
    }
  }
  check_range(s, root, name);
  check_downstream(s, root, name);
  if (s.sites.host_root.empty()) s.sites.host_root = s.sites.root;
  return s;
}

settings load_settings(const std::string& path, bool required) {
  const auto text = read_file(path);
  if (!text && required) throw_errno(ENOENT, "open", path);
  auto s = parse_settings(text.value_or(""), path);
  if (const char* host = std::getenv("DOCKER_HOST"); host != nullptr && *host != '\0') {
    if (!is_engine_host(host))
      throw settings_error("DOCKER_HOST: invalid value \"" + escape_line(host) +
                           "\": use \"unix:///PATH\" or \"tcp://HOST:PORT\"");
    s.docker.host = host;
  }
  return s;
}

}  // namespace heberg
