-- Why an author is opted out: the words of their request, or null when the operator did it
ALTER TABLE author ADD COLUMN request TEXT;

-- On the console an author's id is the handle, which is the same in any case. Ids of X are numbers.
INSERT INTO author (id, opted_out, helped)
    SELECT lower(id), min(opted_out), max(helped) FROM author WHERE id != lower(id) GROUP BY lower(id)
    ON CONFLICT (id) DO UPDATE SET
        opted_out = coalesce(author.opted_out, excluded.opted_out), helped = coalesce(author.helped, excluded.helped);
UPDATE mention SET author = lower(author) WHERE author != lower(author);

-- Whether the operator lets the reply through although the gate objects to a word
ALTER TABLE mention ADD COLUMN anyway INTEGER NOT NULL DEFAULT 0;
