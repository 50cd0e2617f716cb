"""Compares what a query gave (a TSV file with a header) with the rows that others have published for it.

    published.py QUERY GOT.tsv EXPECTED.jsonl

Published rows are cells with blanks or tabs between, so texts with blanks in them run together: rows are compared as lists of
words, of those columns that can be told apart."""
import json
import sys
from decimal import ROUND_HALF_UP, Decimal

# Our columns in the published order; and which words of a published row these are (None: all).
COLUMNS = {
    "q0": (["auction", "bidder", "price", "date_time"], None),
    "q1": (["auction", "bidder", "price", "date_time"], None),
    "q3": (["person_name", "person_city", "person_state", "id"], None),
    "q4": (["of_category", "average"], None),
    "q5": (["auction", "num"], None),
    "q7": (["auction", "price", "bidder", "date_time"], None),
    "q8": (["id", "name", "start"], None),
    "q9": (["of_category", "auction", "bidder", "price", "date_time"], lambda w: w[-6:]),
    "q15": (["day", "total", "rank1", "rank2", "rank3", "bidders", "bidders1", "bidders2", "bidders3",
             "auctions", "auctions1", "auctions2", "auctions3"], None),
    # Their minute is hour and month.
    "q16": (["channel", "day", "total", "rank1", "rank2", "rank3", "bidders", "bidders1", "bidders2", "bidders3",
             "auctions", "auctions1", "auctions2", "auctions3"], lambda w: w[:2] + w[3:]),
    "q17": (["auction", "day", "total", "rank1", "rank2", "rank3", "least", "most", "average", "sum"], None),
    "q18": (["auction", "bidder", "price", "channel", "date_time"], lambda w: w[:4] + w[5:7]),
    "q19": (["auction", "bidder", "price", "date_time", "place"], lambda w: w[:3] + w[5:7] + w[-1:]),
    "q20": (["auction", "bidder", "price", "channel", "url", "date_time"], lambda w: w[:7]),
    "q21": (["auction", "bidder", "price", "channel", "channel_id"], None),
    "q22": (["auction", "bidder", "price", "channel", "dir1", "dir2", "dir3"], None),
}


def cell(name, text):
    if name == "average":  # in hundredths
        return "%d.%02d" % (int(text) // 100, int(text) % 100)
    if name in ("date_time", "start"):
        return text.replace("T", " ").replace("Z", "")
    return text


def hundredths(word):
    return str(Decimal(word).quantize(Decimal("0.01"), ROUND_HALF_UP))


query, got, expected = sys.argv[1:]
columns, choose = COLUMNS[query]
lines = open(got, encoding="utf-8").read().splitlines()
header = lines[0].split("\t")
ours = []
for line in lines[1:]:
    record = dict(zip(header, line.split("\t")))
    ours.append(" ".join(cell(c, record[c]) for c in columns).split())
for line in open(expected, encoding="utf-8"):
    entry = json.loads(line)
    if entry["query"] == query:
        theirs = [row.split() for row in entry["expected"]]
if choose:
    theirs = [choose(words) for words in theirs]
if "average" in columns:
    at = columns.index("average")
    theirs = [words[:at] + [hundredths(words[at])] + words[at + 1:] for words in theirs]
if sorted(ours) != sorted(theirs):
    for words in sorted(ours):
        if words not in theirs:
            print("only ours:", *words)
    for words in sorted(theirs):
        if words not in ours:
            print("only theirs:", *words)
    print(len(ours), "rows of ours,", len(theirs), "of theirs")
    sys.exit(1)
