-- the winning bid of each auction
WITH bids AS (
	SELECT b.auction, item_name, initial_bid, reserve, expires, seller, category, bidder, price, b.date_time,
		row_number() OVER (PARTITION BY a.id ORDER BY price DESC, b.ms, b.number) AS place
	FROM bid b JOIN auction a ON b.auction = a.id WHERE b.ms BETWEEN a.ms AND a.expires_ms)
SELECT auction, bidder, price, date_time, item_name AS of_item_name, initial_bid AS of_initial_bid, reserve AS of_reserve,
	expires AS of_expires, seller AS of_seller, category AS of_category
FROM bids WHERE place = 1;
