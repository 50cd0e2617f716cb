# bids with their auctions, of category 10
stream-filter 'event == "bid"' "$events" |
	stream-join -k auction=id --within 365d --prefix of_ \
		<(stream-filter 'event == "auction" && category == 10' "$events") |
	stream-map \
		--keep auction,bidder,price,channel,url,date_time,of_item_name,of_description,of_date_time,of_expires,of_seller -o tsv
