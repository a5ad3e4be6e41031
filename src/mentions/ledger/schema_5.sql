-- How often the operator had a reply drawn again, which changes its seed
ALTER TABLE mention ADD COLUMN rolls INTEGER NOT NULL DEFAULT 0;
