# prices of each auction and day
stream-filter 'event == "bid"' "$events" |
	stream-agg -b auction,'day = strftime(date_time, "%Y-%m-%d")' 'total = count()' \
		'rank1 = sum(if(price < 10000, 1, 0))' \
		'rank2 = sum(if(price >= 10000 && price < 1000000, 1, 0))' 'rank3 = sum(if(price >= 1000000, 1, 0))' \
		'least = min(price)' 'most = max(price)' 'average = avg(price)' 'sum = sum(price)' |
	stream-map 'average = int(round(average * 100))' -o tsv
