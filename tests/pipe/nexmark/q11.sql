-- bids of each bidder, session by session
WITH marked AS (
	SELECT bidder, ms, ms - lag(ms, 1, -100000) OVER (PARTITION BY bidder ORDER BY ms) > 10000 AS begins FROM bid),
numbered AS (
	SELECT bidder, ms, sum(begins) OVER (PARTITION BY bidder ORDER BY ms RANGE UNBOUNDED PRECEDING) AS session
	FROM marked)
SELECT strftime('%Y-%m-%dT%H:%M:%S', start / 1000, 'unixepoch') ||
	iif(start % 1000, printf('.%03d', start % 1000), '') || 'Z' AS window_start, bidder, bids
FROM (SELECT bidder, count(*) AS bids, min(ms) AS start FROM numbered GROUP BY bidder, session);
