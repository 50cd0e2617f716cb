-- the auctions with the most bids of each window
WITH RECURSIVE step(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM step WHERE n < 4),
counted AS (
	SELECT (ms / 2000 - n) * 2000 AS start, auction, count(*) AS num FROM bid, step GROUP BY 1, 2)
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', start / 1000, 'unixepoch') AS window_start, auction, num
FROM counted c WHERE num = (SELECT max(num) FROM counted WHERE start = c.start);
