-- the ten highest bids of each auction
SELECT auction, bidder, price, date_time, place FROM (
	SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC, number) AS place FROM bid)
WHERE place <= 10;
