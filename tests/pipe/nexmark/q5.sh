# the auctions with the most bids of each window
stream-filter 'event == "bid"' "$events" |
	stream-window hop 10s 2s |
	stream-agg -b auction 'num = count()' |
	stream-top -n 1 -k num -b window_start --ties |
	stream-map --keep window_start,auction,num -o tsv
