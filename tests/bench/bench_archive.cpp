// SPDX-License-Identifier: LGPL-2.1-or-later
// bench_archive pack TREE FILE | unpack FILE FOLDER: what `hebergctl archive` and `restore` do with a tree, without the
// rest. An archive is read back, as archive does it; FOLDER is empty.
#include "archive/pack.h"
#include "archive/unpack.h"
#include "base/unique_fd.h"

#include <fcntl.h>

#include <cstdio>
#include <exception>
#include <string_view>

namespace {

using namespace heberg;

int pack(const char* tree, const char* path) {
  const unique_fd folder(::open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const unique_fd file(::open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  (void)archive::pack_and_read_back({.site = "bench", .uid = 20000, .lock_reason = "", .specification = ""},
                                    folder.get(), file.get());
  return 0;
}

int unpack(const char* path, const char* folder_path) {
  const unique_fd file(::open(path, O_RDONLY | O_CLOEXEC));
  const unique_fd folder(::open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  archive::unpack(file.get(), archive::validate(file.get(), {}), folder.get(), {.uid = 20000, .is_changed = false});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    return std::string_view(argv[1]) == "pack" ? pack(argv[2], argv[3]) : unpack(argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_archive: %s\n", error.what());
    return 1;
  }
}
