// SPDX-License-Identifier: LGPL-2.1-or-later
// What runs in the benchmark's container, linked statically, for an image of nothing else: COUNT lines of 20 to 180
// bytes, as a web server's, to standard output.
#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  const long count = argc > 1 ? std::atol(argv[1]) : 0;
  const std::string text(180, 'x');
  for (long i = 0; i < count; ++i) std::printf("%08ld %.*s\n", i, static_cast<int>(11 + i * 7919 % 160), text.c_str());
  return std::fflush(stdout) == 0 ? 0 : 1;
}
