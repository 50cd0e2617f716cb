# bids of each bidder in windows of arrival
stream-filter 'event == "bid"' "$events" | stream-put bids
stream-get --meta -o json bids | sed '1i text' >arrived.json
stream-get bids |
	stream-window 10s -t @arrived |
	stream-agg -b bidder 'bids = count()' |
	stream-map --keep bidder,bids,window_start -o tsv
