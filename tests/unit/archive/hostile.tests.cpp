// SPDX-License-Identifier: LGPL-2.1-or-later
// Archives that somebody made to do harm: each is refused by validate(), before anything is written.
#include "archive/unpack.h"
#include "base/unique_fd.h"
#include "digest/sha256.h"
#include "support/temp_dir.h"

#include <catch2/catch.hpp>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include <functional>

using namespace heberg;
using namespace heberg::archive;
using heberg::test::temp_dir;
namespace fs = std::filesystem;

namespace {

// An archive by hand: whatever the caller wants, with a manifest that agrees unless he says otherwise.
class forger {
 public:
  explicit forger(const fs::path& path) : out_(::archive_write_new()) {
    ::archive_write_set_format_pax(out_);
    ::archive_write_set_options(out_, "hdrcharset=BINARY");
    ::archive_write_add_filter_zstd(out_);
    REQUIRE(::archive_write_open_filename(out_, path.c_str()) == ARCHIVE_OK);
  }
  ~forger() {
    ::archive_write_close(out_);
    ::archive_write_free(out_);
  }

  void put(const std::string& name, const std::string& text, const std::function<void(archive_entry*)>& change = {}) {
    auto* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, name.c_str());
    ::archive_entry_set_filetype(entry, AE_IFREG);
    ::archive_entry_set_perm(entry, 0644);
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    if (change) change(entry);
    REQUIRE(::archive_write_header(out_, entry) >= ARCHIVE_WARN);
    if (!text.empty()) ::archive_write_data(out_, text.data(), text.size());
    ::archive_entry_free(entry);
  }
  void head(const std::string& text = to_text(archive::head{
                .site = "a", .uid = 20000, .lock_reason = "", .specification = ""})) {
    put(k_head_name, text);
  }
  void folder(const std::string& path) {
    put(name_of_member(path), "", [](auto* e) { ::archive_entry_set_filetype(e, AE_IFDIR); });
    facts[path] = {'d', 0, ""};
  }
  void file(const std::string& path, const std::string& text) {
    put(name_of_member(path), text);
    facts[path] = {'f', text.size(), to_hex(sha256_of(text))};
  }
  void link(const std::string& path, const std::string& target) {
    put(name_of_member(path), "", [&](auto* e) {
      ::archive_entry_set_filetype(e, AE_IFLNK);
      ::archive_entry_set_symlink(e, target.c_str());
    });
    facts[path] = {'l', 0, to_hex(sha256_of(target))};
  }
  void hard_link(const std::string& path, const std::string& target) {
    put(name_of_member(path), "", [&](auto* e) { ::archive_entry_set_hardlink(e, target.c_str()); });
    facts[path] = {'h', 0, to_hex(sha256_of(target))};
  }
  void begin() {
    head();
    folder("");
    folder("www");
  }
  void end() { put(k_manifest_name, to_text(facts)); }

  manifest facts;

 private:
  static std::string name_of_member(const std::string& path) { return path.empty() ? "tree" : "tree/" + path; }
  ::archive* out_;
};

void device(archive_entry* entry) {
  ::archive_entry_set_filetype(entry, AE_IFBLK);
  ::archive_entry_set_rdevmajor(entry, 8);
}

struct forgery {
  const char* what;
  std::function<void(forger&)> make;
};

const std::vector<forgery> k_forgeries = {
    {"a path that climbs out", [](forger& f) { f.begin(), f.put("tree/../../etc/cron.d/x", "x"), f.end(); }},
    {"an absolute path", [](forger& f) { f.begin(), f.put("/etc/cron.d/x", "x"), f.end(); }},
    {"a path beside the tree", [](forger& f) { f.begin(), f.put("treehouse/x", "x"), f.end(); }},
    {"a symbolic link that climbs out", [](forger& f) { f.begin(), f.link("www/out", "../../other"), f.end(); }},
    {"an absolute symbolic link", [](forger& f) { f.begin(), f.link("www/out", "/etc"), f.end(); }},
    {"a path through a symbolic link",
     [](forger& f) { f.begin(), f.link("www/here", "."), f.file("www/here/x", "x"), f.end(); }},
    {"a file in a link's place", [](forger& f) { f.begin(), f.link("www/x", "y"), f.put("tree/www/x", "x"), f.end(); }},
    {"a hard link out of the tree", [](forger& f) { f.begin(), f.hard_link("www/x", "../../etc/shadow"), f.end(); }},
    {"a hard link to a symbolic link",
     [](forger& f) { f.begin(), f.link("www/l", "y"), f.hard_link("www/x", "tree/www/l"), f.end(); }},
    {"a hard link to what comes later",
     [](forger& f) { f.begin(), f.hard_link("www/x", "tree/www/y"), f.file("www/y", "y"), f.end(); }},
    {"a device", [](forger& f) { f.begin(), f.put("tree/www/sda", "", device), f.end(); }},
    {"a fifo",
     [](forger& f) {
       f.begin(), f.put("tree/www/fifo", "", [](auto* e) { ::archive_entry_set_filetype(e, AE_IFIFO); }), f.end();
     }},
    {"more bytes than may be", [](forger& f) { f.begin(), f.file("www/bomb", std::string(2 << 20, '\0')), f.end(); }},
    {"a file that says it is larger than may be",
     [](forger& f) {
       f.begin(), f.put("tree/www/x", "", [](auto* e) {
         ::archive_entry_set_size(e, 1LL << 50);
         ::archive_entry_sparse_add_entry(e, 1LL << 50, 0);
       });
     }},
    {"more entries than may be",
     [](forger& f) {
       f.begin();
       for (int i = 0; i < 200; ++i) f.file("www/" + std::to_string(i), "");
       f.end();
     }},
    {"longer paths than may be",
     [](forger& f) {
       f.begin();
       for (int i = 0; i < 90; ++i) f.file("www/" + std::string(200, 'n') + std::to_string(i), "");
       f.end();
     }},
    {"a content that the manifest does not tell",
     [](forger& f) {
       f.begin(), f.file("www/x", "good");
       f.facts["www/x"].sum = to_hex(sha256_of("evil"));
       f.end();
     }},
    {"a file that the manifest does not tell", [](forger& f) { f.begin(), f.put("tree/www/x", "x"), f.end(); }},
    {"a file that the manifest tells and is not there",
     [](forger& f) {
       f.begin();
       f.facts["www/x"] = {'f', 1, to_hex(sha256_of("x"))};
       f.end();
     }},
    {"no manifest", [](forger& f) { f.begin(); }},
    {"something behind the manifest", [](forger& f) { f.begin(), f.end(), f.put("tree/www/x", "x"); }},
    {"the same path twice", [](forger& f) { f.begin(), f.file("www/x", "a"), f.file("www/x", "b"), f.end(); }},
    {"no tree", [](forger& f) { f.head(), f.end(); }},
    {"a tree that is a link",
     [](forger& f) {
       f.head();
       f.put("tree", "", [](auto* e) {
         ::archive_entry_set_filetype(e, AE_IFLNK);
         ::archive_entry_set_symlink(e, "x");
       });
       f.end();
     }},
    {"a site called root",
     [](forger& f) { f.head(R"({"format":1,"site":"root","uid":20000})"), f.folder(""), f.end(); }},
    {"root's UID", [](forger& f) { f.head(R"({"format":1,"site":"a","uid":0})"), f.folder(""), f.end(); }},
    {"no head", [](forger& f) { f.folder(""), f.end(); }},
};

void validate_small(const fs::path& path) {
  const unique_fd in(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  (void)validate(in.get(), {.entries = 100, .bytes = 1 << 20, .names = 10'000});
}

}  // namespace

TEST_CASE("an archive made to do harm is refused before anything is written") {
  for (const auto& [what, make] : k_forgeries) {
    INFO(what);
    const temp_dir dir;
    {
      forger out(dir / "a.tar.zst");
      make(out);
    }
    CHECK_THROWS_AS(validate_small(dir / "a.tar.zst"), bad_archive);
  }
}

TEST_CASE("a valid archive of the same tool is accepted, so the others are refused for their faults") {
  const temp_dir dir;
  {
    forger out(dir / "a.tar.zst");
    out.begin();
    out.file("www/x", "x");
    out.link("www/l", "x");
    out.end();
  }
  CHECK_NOTHROW(validate_small(dir / "a.tar.zst"));
}

TEST_CASE("an archive that is cut anywhere, or no archive at all, is refused") {
  const temp_dir dir;
  {
    forger out(dir / "whole");
    out.begin();
    out.file("www/x", "some content");
    out.end();
  }
  const auto bytes = test::read_file(dir / "whole");
  for (std::size_t size = 0; size + 8 < bytes.size(); size += 7) {
    INFO(size);
    test::write_file(dir / "cut", bytes.substr(0, size));
    CHECK_THROWS_AS(validate_small(dir / "cut"), bad_archive);
  }
  test::write_file(dir / "cut", "#!/bin/sh\necho no archive\n");
  CHECK_THROWS_AS(validate_small(dir / "cut"), bad_archive);
}

TEST_CASE("an archive that changes between validating and unpacking is refused") {
  const temp_dir dir;
  const auto write = [&](const std::string& text) {
    forger out(dir / "a.tar.zst");
    out.begin();
    out.file("www/x", text);
    out.end();
  };
  write("good");
  const unique_fd in(::open((dir / "a.tar.zst").c_str(), O_RDONLY | O_CLOEXEC));
  const auto known = validate(in.get(), {});
  write("evil");  // into the same file
  fs::create_directory(dir / "back");
  const unique_fd folder(::open((dir / "back").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CHECK_THROWS_AS(unpack(in.get(), known, folder.get(), {.uid = 0, .is_changed = false}), bad_archive);
}
