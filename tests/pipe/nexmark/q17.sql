-- prices of each auction and day
SELECT auction, substr(date_time, 1, 10) AS day, count(*) AS total, sum(price < 10000) AS rank1,
	sum(price >= 10000 AND price < 1000000) AS rank2, sum(price >= 1000000) AS rank3,
	min(price) AS least, max(price) AS most, CAST(round(avg(price) * 100) AS INT) AS average, sum(price) AS sum
FROM bid GROUP BY auction, day;
