// SPDX-License-Identifier: LGPL-2.1-or-later
#include "hebergctl/container/held_container.h"

#include "base/errors.h"
#include "hebergctl/command.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

namespace heberg::ctl {
namespace {

// Waits until the parent reports that it has finished, or has ended without that.
void guard(int from_parent, const std::string& engine, const std::string& id, hold how) {
  char byte = 0;
  ssize_t size = 0;
  do size = ::read(from_parent, &byte, 1);
  while (size < 0 && errno == EINTR);
  if (size == 1) return;
  try {
    if (how == hold::stop) hold_container(engine, id, how);  // waits for a stop that is still under way
    release_container(engine, id, how);
  } catch (const std::exception& error) {
    (void)fail(k_failed, error.what());
  }
}

}  // namespace

held_container::held_container(std::string engine, const present_container& container, hold how)
    : engine_(std::move(engine)),
      id_(container.id),
      how_(how),
      is_held_(container.runs && (how == hold::stop || !container.is_paused)) {
  if (!is_held_) return;
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) throw_errno("create", "a pipe");
  const unique_fd from_parent(pipe[0]);
  to_guard_ = unique_fd(pipe[1]);
  // A signal may go to our whole service (systemd.kill(5)): the guard must survive it.
  sigset_t ends;
  sigset_t before;
  ::sigemptyset(&ends);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&ends, signal);
  ::pthread_sigmask(SIG_BLOCK, &ends, &before);
  guard_ = ::fork();
  const int error = errno;
  if (guard_ != 0) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (guard_ < 0) throw_errno(error, "fork", "a guard of the container");
  if (guard_ == 0) {
    ::setsid();
    to_guard_ = {};
    guard(from_parent.get(), engine_, id_, how_);
    ::_exit(0);
  }
  try {
    hold_container(engine_, id_, how_);
  } catch (...) {
    to_guard_ = {};  // the engine may have done it all the same: the guard resumes the container
    ::waitpid(guard_, nullptr, 0);
    throw;
  }
}

held_container::~held_container() {
  try {
    release();
  } catch (const std::exception& error) {
    (void)fail(k_failed, error.what());
  }
}

void held_container::release() {
  if (std::exchange(is_held_, false)) {
    release_container(engine_, id_, how_);
    dismiss_guard();
  }
}

void held_container::forget() {
  if (std::exchange(is_held_, false)) dismiss_guard();
}

void held_container::dismiss_guard() {
  const char done = 1;
  (void)!::write(to_guard_.get(), &done, 1);
  to_guard_ = {};
  ::waitpid(guard_, nullptr, 0);
}

}  // namespace heberg::ctl
