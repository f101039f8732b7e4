// SPDX-License-Identifier: LGPL-2.1-or-later
// Which archives this host has made. Whoever can write an archive chooses the image, the host names and the variables
// of the container in it: such a container is created only from an archive that is known here, or where the
// administrator asks for it. The record is the file archives.known in the state folder, root's alone: a line for each
// archive, the digest of its head and manifest (which has the digests of all its files).
#pragma once

#include "archive/unpack.h"
#include "program/settings.h"

#include <string>

namespace heberg::ctl {

// Hexadecimal. Equal for two archives of equal content, whatever their compression. Pure.
[[nodiscard]] std::string digest_of(const archive::contents& known);

// Throws where the record cannot be written: the archive can then be restored with --start only.
void remember_archive(const settings& settings, const archive::contents& made);

// False also where the record cannot be read.
[[nodiscard]] bool is_own_archive(const settings& settings, const archive::contents& known);

}  // namespace heberg::ctl
