# the ten highest bids of each auction
stream-filter 'event == "bid"' "$events" |
	stream-top -n 10 -k price -b auction --rank place |
	stream-map --keep auction,bidder,price,date_time,place -o tsv
