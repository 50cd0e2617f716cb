-- the average price of each seller, over the last ten auctions that had a winner
WITH bids AS (
	SELECT a.seller, a.id, a.expires_ms, price,
		row_number() OVER (PARTITION BY a.id ORDER BY price DESC, b.ms, b.number) AS place
	FROM bid b JOIN auction a ON b.auction = a.id WHERE b.ms BETWEEN a.ms AND a.expires_ms),
last AS (
	SELECT seller, price, row_number() OVER (PARTITION BY seller ORDER BY expires_ms DESC, id DESC) AS place
	FROM bids WHERE place = 1)
SELECT seller AS of_seller, CAST(round(avg(price) * 100) AS INT) AS average FROM last WHERE place <= 10 GROUP BY seller;
