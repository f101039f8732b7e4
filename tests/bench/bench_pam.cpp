// SPDX-License-Identifier: LGPL-2.1-or-later
// A PAM check by one service after the other, in turns, so that whatever else the machine does falls on all alike; and,
// in the same turns, one crypt of the same hash alone. For tests/bench/part_pam.
// Output: "SERVICE USER NANOSECONDS", the median of this process's processor time.
//
//   bench_pam CONFDIR TURNS HASH PASSWORD USER UNKNOWN SERVICE...
//   bench_pam hash PASSWORD     prints a yescrypt hash of Debian's default cost
#include <crypt.h>
#include <security/pam_appl.h>

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

double now() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

int converse(int count, const pam_message** /*messages*/, pam_response** responses, void* password) {
  *responses = static_cast<pam_response*>(std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  for (int i = 0; i < count; ++i) (*responses)[i].resp = ::strdup(static_cast<const char*>(password));
  return PAM_SUCCESS;
}

// pam_authenticate() alone, as a login pays it: the modules are loaded by pam_start's first use, which is warmed up
// before.
double check(const char* confdir, const char* service, const char* user, char* password, bool wanted) {
  const pam_conv conversation{converse, password};
  pam_handle_t* pamh = nullptr;
  if (::pam_start_confdir(service, user, &conversation, confdir, &pamh) != PAM_SUCCESS)
    throw std::runtime_error("pam_start_confdir");
  const double begin = now();
  const int result = ::pam_authenticate(pamh, PAM_SILENT);
  const double end = now();
  ::pam_end(pamh, result);
  if ((result == PAM_SUCCESS) != wanted)
    throw std::runtime_error(std::string(service) + ": " + ::pam_strerror(nullptr, result));
  return end - begin;
}

double crypt_once(const char* password, const char* hash) {
  const double begin = now();
  auto* data = static_cast<crypt_data*>(std::calloc(1, sizeof(crypt_data)));
  const bool equal = std::strcmp(::crypt_r(password, hash, data), hash) == 0;
  std::free(data);
  if (!equal) throw std::runtime_error("crypt_r");
  return now() - begin;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

void print_hash(const char* password) {
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  const auto data = std::make_unique<crypt_data>();
  if (::crypt_gensalt_rn("$y$", 0, nullptr, 0, setting, sizeof setting) == nullptr)
    throw std::runtime_error("crypt_gensalt");
  std::puts(::crypt_r(password, setting, data.get()));
}

void measure(char** argv, int argc) {
  const char* confdir = argv[1];
  const int turns = std::atoi(argv[2]);
  const char* hash = argv[3];
  char* password = argv[4];
  const char* user = argv[5];
  const char* unknown = argv[6];
  std::vector<double> crypts;
  std::vector<std::vector<double>> known(static_cast<std::size_t>(argc));
  std::vector<std::vector<double>> unknowns(static_cast<std::size_t>(argc));
  for (int turn = -1; turn < turns; ++turn) {  // the first is not counted
    const double crypted = crypt_once(password, hash);
    if (turn >= 0) crypts.push_back(crypted);
    for (int i = 7; i < argc; ++i) {
      const double as_known = check(confdir, argv[i], user, password, true);
      const double as_unknown = check(confdir, argv[i], unknown, password, false);
      if (turn < 0) continue;
      known[static_cast<std::size_t>(i)].push_back(as_known);
      unknowns[static_cast<std::size_t>(i)].push_back(as_unknown);
    }
  }
  std::printf("crypt known %.0f\n", median(crypts));
  for (int i = 7; i < argc; ++i) {
    std::printf("%s known %.0f\n", argv[i], median(known[static_cast<std::size_t>(i)]));
    std::printf("%s unknown %.0f\n", argv[i], median(unknowns[static_cast<std::size_t>(i)]));
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 3 && std::string(argv[1]) == "hash") {
      print_hash(argv[2]);
    } else if (argc > 7) {
      measure(argv, argc);
    } else {
      std::fprintf(stderr, "usage: bench_pam CONFDIR TURNS HASH PASSWORD USER UNKNOWN SERVICE... | hash PASSWORD\n");
      return 2;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_pam: %s\n", error.what());
    return 1;
  }
  return 0;
}
