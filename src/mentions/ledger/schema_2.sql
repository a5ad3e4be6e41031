CREATE TABLE spent (day INTEGER PRIMARY KEY, micros INTEGER NOT NULL);
CREATE INDEX by_fingerprint ON attempt (fingerprint);
