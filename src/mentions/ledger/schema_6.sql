-- The text after each step of cleaning, as JSON, until it is forgotten
ALTER TABLE mention ADD COLUMN steps TEXT;
