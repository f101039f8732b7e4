// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pam_calls.h"

#include <crypt.h>
#include <security/pam_appl.h>

#include <dlfcn.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace heberg::test {
namespace {
bool g_recording = false;
}

pam_calls& calls() {
  static pam_calls all;
  return all;
}

void clear_calls() {
  calls() = {};
  g_recording = true;
}

}  // namespace heberg::test

#define HEBERG_INSTEAD extern "C" __attribute__((visibility("default")))

HEBERG_INSTEAD char* crypt_r(const char* phrase, const char* setting, crypt_data* data) noexcept {
  static const auto real = reinterpret_cast<decltype(&crypt_r)>(::dlsym(RTLD_NEXT, "crypt_r"));
  if (heberg::test::g_recording) heberg::test::calls().crypts.push_back({phrase, setting, data});
  return real(phrase, setting, data);
}

HEBERG_INSTEAD void explicit_bzero(void* bytes, std::size_t size) noexcept {
  if (heberg::test::g_recording) heberg::test::calls().wipes.emplace_back(bytes, size);
  std::memset(bytes, 0, size);
  asm volatile("" : : "r"(bytes) : "memory");
}

// The same, as _FORTIFY_SOURCE calls it.
HEBERG_INSTEAD void __explicit_bzero_chk(void* bytes, std::size_t size, std::size_t /*room*/) noexcept {
  explicit_bzero(bytes, size);
}

HEBERG_INSTEAD void pam_syslog(const pam_handle_t* /*pamh*/, int /*priority*/, const char* format, ...) {
  char line[2048];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (heberg::test::g_recording) heberg::test::calls().log.emplace_back(line);
}
