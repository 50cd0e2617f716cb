-- the average winning price of each category
SELECT category AS of_category, CAST(round(avg(final) * 100) AS INT) AS average FROM (
	SELECT category, max(price) AS final FROM bid b JOIN auction a ON b.auction = a.id WHERE b.ms BETWEEN a.ms AND a.expires_ms GROUP BY a.id, category)
GROUP BY 1;
