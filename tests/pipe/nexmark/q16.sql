-- the same for each channel, with the last minute of the day
SELECT channel, substr(date_time, 1, 10) AS day, max(substr(date_time, 12, 5)) AS minute,
	count(*) AS total, sum(price < 10000) AS rank1,
	sum(price >= 10000 AND price < 1000000) AS rank2, sum(price >= 1000000) AS rank3,
	count(DISTINCT bidder) AS bidders, count(DISTINCT iif(price < 10000, bidder, NULL)) AS bidders1,
	count(DISTINCT iif(price >= 10000 AND price < 1000000, bidder, NULL)) AS bidders2,
	count(DISTINCT iif(price >= 1000000, bidder, NULL)) AS bidders3,
	count(DISTINCT auction) AS auctions, count(DISTINCT iif(price < 10000, auction, NULL)) AS auctions1,
	count(DISTINCT iif(price >= 10000 AND price < 1000000, auction, NULL)) AS auctions2,
	count(DISTINCT iif(price >= 1000000, auction, NULL)) AS auctions3
FROM bid GROUP BY channel, day;
