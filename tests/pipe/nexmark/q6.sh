# the average price of each seller, over the last ten auctions that had a winner
stream-filter 'event == "bid"' "$events" |
	stream-join -k auction=id --within 1h --prefix of_ \
		<(stream-filter 'event == "auction"' "$events") |
	stream-filter 'date_time >= of_date_time && date_time <= of_expires' |
	stream-top -n 1 -k price,date_time:asc -b auction |
	stream-top -n 10 -k of_expires,auction -b of_seller |
	stream-agg -b of_seller 'average = avg(price)' |
	stream-map 'average = int(round(average * 100))' -o tsv
