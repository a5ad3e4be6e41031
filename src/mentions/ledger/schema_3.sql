-- SQLite could not tell that the index of the open states fits a query for one of them, and looked at every row
DROP INDEX open_mention;
CREATE INDEX by_state ON mention (state, created);
