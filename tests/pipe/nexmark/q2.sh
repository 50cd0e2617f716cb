# bids for some auctions
stream-filter 'event == "bid" && auction % 123 == 0' "$events" |
	stream-map --keep auction,price -o tsv
