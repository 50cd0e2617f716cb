# the average winning price of each category
stream-filter 'event == "bid"' "$events" |
	stream-join -k auction=id --within 1h --prefix of_ \
		<(stream-filter 'event == "auction"' "$events") |
	stream-filter 'date_time >= of_date_time && date_time <= of_expires' |
	stream-agg -b auction,of_category 'final = max(price)' |
	stream-agg -b of_category 'average = avg(final)' |
	stream-map 'average = int(round(average * 100))' -o tsv
