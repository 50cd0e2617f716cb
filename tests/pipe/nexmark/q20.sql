-- bids with their auctions, of category 10
SELECT auction, bidder, price, channel, url, b.date_time AS date_time, item_name AS of_item_name,
	description AS of_description, a.date_time AS of_date_time, expires AS of_expires, seller AS of_seller
FROM bid b JOIN auction a ON b.auction = a.id WHERE category = 10;
