# the highest bids of each window
stream-filter 'event == "bid"' "$events" |
	stream-window 10s |
	stream-top -n 1 -k price --ties |
	stream-map --keep window_start,auction,bidder,price,date_time -o tsv
