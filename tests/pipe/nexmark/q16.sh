# the same for each channel, with the last minute of the day
stream-filter 'event == "bid"' "$events" |
	stream-agg -b channel,'day = strftime(date_time, "%Y-%m-%d")' 'minute = max(strftime(date_time, "%H:%M"))' \
		'total = count()' 'rank1 = sum(if(price < 10000, 1, 0))' \
		'rank2 = sum(if(price >= 10000 && price < 1000000, 1, 0))' 'rank3 = sum(if(price >= 1000000, 1, 0))' \
		'bidders = distinct(bidder)' 'bidders1 = distinct(if(price < 10000, bidder, null))' \
		'bidders2 = distinct(if(price >= 10000 && price < 1000000, bidder, null))' \
		'bidders3 = distinct(if(price >= 1000000, bidder, null))' \
		'auctions = distinct(auction)' 'auctions1 = distinct(if(price < 10000, auction, null))' \
		'auctions2 = distinct(if(price >= 10000 && price < 1000000, auction, null))' \
		'auctions3 = distinct(if(price >= 1000000, auction, null))' -o tsv
