# bids of each bidder, session by session
stream-filter 'event == "bid"' "$events" |
	stream-window session 10s -b bidder |
	stream-agg -b bidder 'bids = count()' |
	stream-map --keep bidder,bids,window_start -o tsv
