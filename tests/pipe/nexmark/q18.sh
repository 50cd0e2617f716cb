# the last bid of each bidder for each auction
stream-filter 'event == "bid"' "$events" |
	stream-top -n 1 -k date_time -b bidder,auction |
	stream-map --keep auction,bidder,price,channel,date_time -o tsv
