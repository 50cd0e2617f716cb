# the winning bid of each auction
stream-filter 'event == "bid"' "$events" |
	stream-join -k auction=id --within 1h --prefix of_ \
		<(stream-filter 'event == "auction"' "$events") |
	stream-filter 'date_time >= of_date_time && date_time <= of_expires' |
	stream-top -n 1 -k price,date_time:asc -b auction |
	stream-map --keep auction,bidder,price,date_time,of_item_name,of_initial_bid,of_reserve,of_expires,of_seller,of_category -o tsv
