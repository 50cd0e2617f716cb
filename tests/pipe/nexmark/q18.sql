-- the last bid of each bidder for each auction
SELECT auction, bidder, price, channel, date_time FROM (
	SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY ms DESC, number) AS place FROM bid)
WHERE place = 1;
