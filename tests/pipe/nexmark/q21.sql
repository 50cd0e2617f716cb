-- the number of each channel, from its name or its URL
SELECT * FROM (
	SELECT auction, bidder, price, channel, CASE lower(channel)
		WHEN 'apple' THEN 0 WHEN 'google' THEN 1 WHEN 'facebook' THEN 2 WHEN 'baidu' THEN 3
		ELSE iif(instr(url, '&channel_id='), CAST(substr(url, instr(url, '&channel_id=') + 12) AS INT), NULL) END AS channel_id
	FROM bid)
WHERE channel_id IS NOT NULL;
