-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Version 3. The UIDs of purged sites: a file of one may be left somewhere (an archived tree, a backup, another folder), so that none is
-- given to another site. A site of the same name may have it again (a restore).

CREATE TABLE spent_uids (
  uid  INTEGER NOT NULL PRIMARY KEY,
  name TEXT    NOT NULL               -- the last site that had it
) STRICT;

-- The last lock, where the code above forgets it. A row that exists is only rewritten.
CREATE TRIGGER spent_uids_stay BEFORE INSERT ON sites
WHEN EXISTS (SELECT 1 FROM spent_uids WHERE uid = NEW.uid AND name <> NEW.name)
  AND NOT EXISTS (SELECT 1 FROM sites WHERE name = NEW.name)
BEGIN
  SELECT RAISE(ABORT, 'the UID was that of another site, which is purged');
END;

CREATE TRIGGER spent_uids_return AFTER INSERT ON sites
BEGIN
  DELETE FROM spent_uids WHERE uid = NEW.uid;
END;
