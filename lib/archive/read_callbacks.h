// SPDX-License-Identifier: LGPL-2.1-or-later
// libarchive's reader over a source. An exception of the source passes libarchive's C code as an error, and is thrown
// again after it. For this library alone.
#pragma once

#include "archive/source.h"

#include <archive.h>

#include <exception>
#include <memory>
#include <string>

namespace heberg::archive {

class read_handle {
 public:
  read_handle();
  read_handle(const read_handle&) = delete;
  read_handle& operator=(const read_handle&) = delete;

  [[nodiscard]] ::archive* get() const noexcept { return in_.get(); }

  // After the formats are chosen. from outlives this.
  void open(source& from);

  // False at the end; throws the source's own exception, or bad_archive with `what` and libarchive's error.
  bool check(int code, const char* what);

 private:
  static la_ssize_t read(::archive* in, void* self, const void** bytes);

  std::unique_ptr<::archive, int (*)(::archive*)> in_;
  source* from_ = nullptr;
  std::exception_ptr problem_;
};

}  // namespace heberg::archive
