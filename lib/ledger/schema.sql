-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Version 1. A later version is a file of its own in migrations/, applied on top; what is here is never edited once released.
-- Times are milliseconds since 1970 (UTC); NULL where it has not happened.

CREATE TABLE sites (
  name          TEXT    NOT NULL PRIMARY KEY,
  -- UID and GID. A row is never deleted when its containers go, so UNIQUE means: never given twice.
  uid           INTEGER NOT NULL UNIQUE CHECK (uid BETWEEN 1000 AND 4294967294 AND uid <> 65534),
  gecos         TEXT    NOT NULL,
  created_at    INTEGER NOT NULL,
  missing_since INTEGER,             -- no container since then
  retired_at    INTEGER,             -- no longer in the directory since then
  locked_at     INTEGER,             -- by the sysadmin
  lock_reason   TEXT    NOT NULL DEFAULT '',
  hash          TEXT    NOT NULL DEFAULT '*',   -- crypt(5), or '*': password login is off
  -- Where the hash came from: 'none' (not read yet), 'password' (hashed here), 'hash' (stood in the file), 'empty', 'refused'.
  hash_origin   TEXT    NOT NULL DEFAULT 'none' CHECK (hash_origin IN ('none', 'password', 'hash', 'empty', 'refused')),
  -- The password file when it was last read; all NULL where none was. Equal again: nothing is read or hashed.
  file_dev      INTEGER,
  file_ino      INTEGER,
  file_size     INTEGER,
  file_mtime_ns INTEGER,
  file_ctime_ns INTEGER,
  CHECK (retired_at IS NULL OR missing_since IS NOT NULL)
) STRICT, WITHOUT ROWID;
