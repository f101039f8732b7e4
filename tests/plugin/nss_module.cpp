// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nss_module.h"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ostream>
#include <stdexcept>

// In <nss.h> of old, and in libc.so.6 for ever: what nsswitch.conf would say.
extern "C" int __nss_configure_lookup(const char* database, const char* services);

namespace heberg::test {
namespace {

template <typename function>
void look_up_symbol(void* handle, const char* name, function*& out) {
  const std::string symbol = std::string("_nss_hebergtest_") + name;
  out = reinterpret_cast<function*>(::dlsym(handle, symbol.c_str()));
  if (out == nullptr) throw std::runtime_error(::dlerror());
}

nss_module load() {
  // glibc asks for "libnss_hebergtest.so.2" later, and is given what has this soname already.
  void* handle = ::dlopen(HEBERG_TEST_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw std::runtime_error(::dlerror());
  nss_module m{};
  look_up_symbol(handle, "getpwnam_r", m.getpwnam_r);
  look_up_symbol(handle, "getpwuid_r", m.getpwuid_r);
  look_up_symbol(handle, "setpwent", m.setpwent);
  look_up_symbol(handle, "getpwent_r", m.getpwent_r);
  look_up_symbol(handle, "endpwent", m.endpwent);
  look_up_symbol(handle, "getgrnam_r", m.getgrnam_r);
  look_up_symbol(handle, "getgrgid_r", m.getgrgid_r);
  look_up_symbol(handle, "setgrent", m.setgrent);
  look_up_symbol(handle, "getgrent_r", m.getgrent_r);
  look_up_symbol(handle, "endgrent", m.endgrent);
  look_up_symbol(handle, "getspnam_r", m.getspnam_r);
  look_up_symbol(handle, "setspent", m.setspent);
  look_up_symbol(handle, "getspent_r", m.getspent_r);
  look_up_symbol(handle, "endspent", m.endspent);
  look_up_symbol(handle, "initgroups_dyn", m.initgroups_dyn);
  for (const char* database : {"passwd", "group", "shadow", "initgroups"}) {
    if (__nss_configure_lookup(database, "hebergtest") != 0) throw std::runtime_error("__nss_configure_lookup");
  }
  return m;
}

// No field is NULL, and each string lies in the buffer.
template <typename... strings>
void check_strings(const std::vector<char>& buffer, const strings*... text) {
  const auto inside = [&](const char* s) { return s >= buffer.data() && s < buffer.data() + buffer.size(); };
  if (!(inside(text) && ...)) throw std::logic_error("a string that does not lie in the caller's buffer");
}

void check(const passwd& p, const std::vector<char>& buffer) {
  check_strings(buffer, p.pw_name, p.pw_passwd, p.pw_gecos, p.pw_dir, p.pw_shell);
}
void check(const group& g, const std::vector<char>& buffer) {
  check_strings(buffer, g.gr_name, g.gr_passwd, reinterpret_cast<const char*>(g.gr_mem));
}
void check(const spwd& s, const std::vector<char>& buffer) {
  check_strings(buffer, s.sp_namp, s.sp_pwdp);
}

template <typename result, typename call>
said ask(call function) {
  result out{};
  std::vector<char> buffer(2048);
  int error = 0;
  const nss_status status = function(&out, buffer.data(), buffer.size(), &error);
  if (status == NSS_STATUS_SUCCESS) check(out, buffer);
  return {status, error};
}

}  // namespace

const nss_module& module_under_test() {
  static const nss_module loaded = load();
  return loaded;
}

nss_fixture::nss_fixture(const std::vector<directory::account>& accounts) {
  std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
  std::filesystem::current_path(dir_.path());
  publish(accounts);
}

nss_fixture::~nss_fixture() {
  ::endpwent();
  ::endgrent();
  ::endspent();
  module.endpwent();
  module.endgrent();
  module.endspent();
  std::filesystem::current_path(before_);
}

void nss_fixture::put(const std::string& path, std::string_view bytes) const {
  write_file(path, bytes);
  std::filesystem::permissions(path, std::filesystem::perms(0644));
}

std::ostream& operator<<(std::ostream& out, const said& what) {
  return out << what.status << "/" << what.error;
}

said find_passwd(const char* name) {
  return ask<passwd>([&](auto... rest) { return module_under_test().getpwnam_r(name, rest...); });
}
said find_passwd(uid_t uid) {
  return ask<passwd>([&](auto... rest) { return module_under_test().getpwuid_r(uid, rest...); });
}
said find_group(const char* name) {
  return ask<group>([&](auto... rest) { return module_under_test().getgrnam_r(name, rest...); });
}
said find_group(gid_t gid) {
  return ask<group>([&](auto... rest) { return module_under_test().getgrgid_r(gid, rest...); });
}
said find_shadow(const char* name) {
  return ask<spwd>([&](auto... rest) { return module_under_test().getspnam_r(name, rest...); });
}
said next_passwd() {
  return ask<passwd>([&](auto... rest) { return module_under_test().getpwent_r(rest...); });
}

said find_groups(const char* name) {
  long start = 0;
  long size = 4;
  auto* groups = static_cast<gid_t*>(std::malloc(static_cast<std::size_t>(size) * sizeof(gid_t)));
  int error = 0;
  const nss_status status = module_under_test().initgroups_dyn(name, 100, &start, &size, &groups, 0, &error);
  std::free(groups);
  return {status, error};
}

int exit_of_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    ::_exit(body());
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

std::size_t count_descriptors() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
  return n;
}

}  // namespace heberg::test
