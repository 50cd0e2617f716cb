# the number of each channel, from its name or its URL
stream-filter 'event == "bid"' "$events" |
	stream-map 'name = lower(channel)' \
		'channel_id = if(name == "apple", 0, if(name == "google", 1, if(name == "facebook", 2,
			if(name == "baidu", 3, int(extract(url, /(?:&|^)channel_id=([^&]*)/, 1))))))' |
	stream-filter 'channel_id != null' |
	stream-map --keep auction,bidder,price,channel,channel_id -o tsv
