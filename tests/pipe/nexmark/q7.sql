-- the highest bids of each window
SELECT strftime('%Y-%m-%dT%H:%M:%SZ', ms / 10000 * 10, 'unixepoch') AS window_start, auction, bidder, price, date_time
FROM bid b WHERE price = (SELECT max(price) FROM bid WHERE ms / 10000 = b.ms / 10000);
