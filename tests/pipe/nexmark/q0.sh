# bids as they are
stream-filter 'event == "bid"' "$events" |
	stream-map --keep auction,bidder,price,date_time -o tsv
