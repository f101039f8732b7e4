// SPDX-License-Identifier: LGPL-2.1-or-later
#include "archive/read_callbacks.h"

#include "archive/unpack.h"

#include <cerrno>
#include <new>
#include <string_view>
#include <utility>

namespace heberg::archive {

read_handle::read_handle() : in_(::archive_read_new(), ::archive_read_free) {
  if (in_ == nullptr) throw std::bad_alloc();
}

void read_handle::open(source& from) {
  from_ = &from;
  (void)check(::archive_read_open(in_.get(), this, nullptr, read, nullptr), "not a heberg archive");
}

la_ssize_t read_handle::read(::archive* in, void* self, const void** bytes) {
  auto& handle = *static_cast<read_handle*>(self);
  try {
    const auto next = handle.from_->next();
    *bytes = next.data();
    return static_cast<la_ssize_t>(next.size());
  } catch (...) {
    handle.problem_ = std::current_exception();
    ::archive_set_error(in, EIO, "read error");
    return ARCHIVE_FATAL;
  }
}

bool read_handle::check(int code, const char* what) {
  if (code == ARCHIVE_OK) return true;
  if (problem_) std::rethrow_exception(std::exchange(problem_, nullptr));
  if (code == ARCHIVE_EOF) return false;
  const char* reason = ::archive_error_string(in_.get());
  throw bad_archive(std::string(what) + (reason == nullptr ? "" : std::string(" (") + reason + ")"));
}

}  // namespace heberg::archive
