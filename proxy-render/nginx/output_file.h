// SPDX-License-Identifier: LGPL-2.1-or-later
// The file that nginx reads. A new text is staged beside it (".NAME.tmp", which no include takes), so that nginx can
// test the very bytes that will be renamed into place; the live file is whole at any moment. Throws std::system_error.
#pragma once

#include "base/atomic_file.h"
#include "base/unique_fd.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace heberg::proxy {

class output_file {
 public:
  // Made absolute; the folder must exist by the time something is staged.
  explicit output_file(const std::filesystem::path& path);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  // The text in place; nothing where there is none.
  [[nodiscard]] std::optional<std::string> read() const;

  // The path of the staged file. The text that is staged already is not written again.
  [[nodiscard]] std::string stage(std::string text);
  void commit();   // renames the staged file into place, synced
  void discard();  // forgets it

  // nginx has not loaded the text in place yet. Kept beside the file, so that the next process repeats a reload that
  // failed, or that a crash prevented.
  [[nodiscard]] bool is_reload_pending() const;
  void set_reload_pending();
  void clear_pending_reload();

 private:
  [[nodiscard]] unique_fd open_folder() const;

  std::string path_;
  std::string folder_;
  std::string name_;
  unique_fd folder_fd_;
  std::optional<atomic_file> staged_;
  std::string staged_text_;
};

// Writes a file whole or not at all, only where its bytes differ.
void replace_file(const std::filesystem::path& path, std::string_view text);

}  // namespace heberg::proxy
