# who sells in category 10, of three states
stream-filter 'event == "auction" && category == 10' "$events" |
	stream-join -k seller=id --within 365d --prefix person_ \
		<(stream-filter 'event == "person" && state in ["or", "id", "ca"]' "$events") |
	stream-map --keep person_name,person_city,person_state,id -o tsv
