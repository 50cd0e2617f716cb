# who opened an auction in the window in which he registered
stream-filter 'event == "person"' "$events" |
	stream-map 'start = trunc(date_time, 10s)' --keep id,name,start |
	stream-join -k id=seller,start --within 10s \
		<(stream-filter 'event == "auction"' "$events" |
			stream-map 'start = trunc(date_time, 10s)' --keep seller,start | stream-uniq -k seller,start) |
	stream-map --keep id,name,start -o tsv
