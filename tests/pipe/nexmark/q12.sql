-- bids of each bidder in windows of arrival
.mode ascii
.separator "\037" "\n"
.import arrived.json arrival
.mode tabs
SELECT substr(text ->> '@arrived', 1, 18) || '0Z' AS window_start, text ->> 'bidder' AS bidder, count(*) AS bids
FROM arrival GROUP BY 1, 2;
