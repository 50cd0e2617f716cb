-- the directories of a URL
WITH one AS (SELECT *, substr(url, instr(url, '//') + 2) AS rest FROM bid),
two AS (SELECT *, substr(rest, instr(rest, '/') + 1) AS rest1 FROM one),
three AS (SELECT *, substr(rest1, instr(rest1, '/') + 1) AS rest2 FROM two),
four AS (SELECT *, substr(rest2, instr(rest2, '/') + 1) AS rest3 FROM three)
SELECT auction, bidder, price, channel, substr(rest1, 1, instr(rest1, '/') - 1) AS dir1,
	substr(rest2, 1, instr(rest2, '/') - 1) AS dir2, substr(rest3, 1, instr(rest3, '/') - 1) AS dir3
FROM four;
