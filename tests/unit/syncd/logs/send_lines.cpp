// SPDX-License-Identifier: LGPL-2.1-or-later
// send_lines SITE: what is on standard input goes to the journal, as the site's error.log. For real_journal.
#include "syncd/logs/journal.h"

#include <cstdio>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::string lines;
  for (int c = std::getchar(); c != EOF; c = std::getchar()) lines += static_cast<char>(c);
  const int error = heberg::syncd::send_to_journal(argv[1], heberg::docker::log_stream::error, lines);
  if (error != 0) std::fprintf(stderr, "journal: %s\n", std::strerror(error));
  return error == 0 ? 0 : 1;
}
