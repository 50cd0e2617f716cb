# prices in another currency
stream-filter 'event == "bid"' "$events" |
	stream-map 'price = price * 0.908' --keep auction,bidder,price,date_time -o tsv
