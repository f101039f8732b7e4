// SPDX-License-Identifier: LGPL-2.1-or-later
// bench_list FOLDER COUNT: a ledger of so many sites, for `hebergctl list` to read.
#include "ledger/ledger.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    std::vector<heberg::ledger::site> rows(std::strtoul(argv[2], nullptr, 10));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].name = "site_" + std::to_string(i);
      rows[i].uid = static_cast<std::uint32_t>(20'000 + i);
      rows[i].gecos = rows[i].name + ".test,www." + rows[i].name + ".test";
      rows[i].hash = "$y$j9T$" + std::string(22, 'a') + "$" + std::string(43, 'b');
      rows[i].origin = heberg::ledger::hash_origin::password;
    }
    heberg::ledger::ledger(argv[1]).write_sites(rows);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_list: %s\n", error.what());
    return 1;
  }
}
