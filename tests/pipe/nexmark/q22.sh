# the directories of a URL
stream-filter 'event == "bid"' "$events" |
	stream-map 'part = split(url, "/")' 'dir1 = part[3]' 'dir2 = part[4]' 'dir3 = part[5]' |
	stream-map --keep auction,bidder,price,channel,dir1,dir2,dir3 -o tsv
