-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Version 2. A rename changes the row and records the tree's move in one transaction; the record is removed when the tree has moved.
-- After a crash in between, the daemon finds here what is left to do.

CREATE TABLE tree_moves (
  name     TEXT NOT NULL PRIMARY KEY REFERENCES sites (name),  -- as the site is called now
  old_name TEXT NOT NULL                                       -- where its tree may still be
) STRICT, WITHOUT ROWID;
