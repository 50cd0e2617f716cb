-- Events as they came, JSON lines below the heading `text`, into three tables. `ms` is date_time in milliseconds.
.mode ascii
.separator "\037" "\n"
.import events.json line
.mode tabs
CREATE TABLE event AS SELECT rowid AS number, text ->> '$.event' AS kind, text FROM line;
CREATE TABLE person AS SELECT number, text ->> 'id' AS id, text ->> 'name' AS name, text ->> 'city' AS city,
	text ->> 'state' AS state, text ->> 'date_time' AS date_time, 0 AS ms FROM event WHERE kind = 'person';
CREATE TABLE auction AS SELECT number, text ->> 'id' AS id, text ->> 'item_name' AS item_name,
	text ->> 'description' AS description, text ->> 'initial_bid' AS initial_bid, text ->> 'reserve' AS reserve,
	text ->> 'date_time' AS date_time, text ->> 'expires' AS expires, text ->> 'seller' AS seller,
	text ->> 'category' AS category, 0 AS ms, 0 AS expires_ms FROM event WHERE kind = 'auction';
CREATE TABLE bid AS SELECT number, text ->> 'auction' AS auction, text ->> 'bidder' AS bidder,
	text ->> 'price' AS price, text ->> 'channel' AS channel, text ->> 'url' AS url,
	text ->> 'date_time' AS date_time, 0 AS ms FROM event WHERE kind = 'bid';
UPDATE person SET ms = strftime('%s', date_time) * 1000 + CAST(round((strftime('%f', date_time) - strftime('%S', date_time)) * 1000) AS INT);
UPDATE auction SET ms = strftime('%s', date_time) * 1000 + CAST(round((strftime('%f', date_time) - strftime('%S', date_time)) * 1000) AS INT),
	expires_ms = strftime('%s', expires) * 1000 + CAST(round((strftime('%f', expires) - strftime('%S', expires)) * 1000) AS INT);
UPDATE bid SET ms = strftime('%s', date_time) * 1000 + CAST(round((strftime('%f', date_time) - strftime('%S', date_time)) * 1000) AS INT);
CREATE INDEX bid_auction ON bid(auction);
CREATE INDEX bid_window ON bid(ms / 10000, price);
CREATE INDEX auction_id ON auction(id);
CREATE INDEX person_id ON person(id);
