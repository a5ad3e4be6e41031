#!/usr/bin/env python3
"""Writes `english.txt`, the list of English words, from a text that is big enough to know them.

    python3 src/clean/english.py prose.txt.xz > src/clean/english.txt

The text is the training text of the built-in model: 262 public-domain books, 89 MB, separated by U+001C. A word counts
where it is written in lower case. It is kept if it occurs at least three times and in at least two books; short words
need more, since names, dialect and fragments are short. A word that is nearly always capitalised is a name. Possessives
are left out, because the program takes off the 's.

The list is front-coded, one word a line: how many letters it shares with the word before it, as a digit or letter in
base 36, and the rest of it.
"""

import collections
import lzma
import re
import sys

LEAST = {1: 10**9, 2: 2000, 3: 40, 4: 12}
SHORT = "a i o ah eh ha hi ho ma oh ox pa ye".split()
WORD = re.compile(r"[A-Za-zÀ-ÿ]+(?:'[A-Za-z]+)*")


def main():
    with lzma.open(sys.argv[1], "rt", encoding="utf-8") as file:
        books = file.read().split("\x1c")
    lower, upper, found = (collections.Counter() for _ in range(3))
    for book in books:
        here = collections.Counter(match.group() for match in WORD.finditer(book))
        for word, count in here.items():
            (lower if word.islower() else upper)[word.lower()] += count
        found.update(word for word in here if word.islower())
    kept = set(SHORT)
    for word, count in lower.items():
        is_common = count >= LEAST.get(len(word), 3) and found[word] >= 2
        if is_common and count >= upper[word] / 10 and not word.endswith("'s"):
            kept.add(word)
    before = ""
    for word in sorted(kept):
        shared = 0
        while shared < min(len(before), len(word), 35) and before[shared] == word[shared]:
            shared += 1
        print("0123456789abcdefghijklmnopqrstuvwxyz"[shared] + word[shared:])
        before = word


if __name__ == "__main__":
    main()
