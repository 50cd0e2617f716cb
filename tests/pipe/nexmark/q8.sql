-- who opened an auction in the window in which he registered
SELECT DISTINCT p.id AS id, name, strftime('%Y-%m-%dT%H:%M:%SZ', p.ms / 10000 * 10, 'unixepoch') AS start
FROM person p JOIN auction a ON a.seller = p.id AND a.ms / 10000 = p.ms / 10000;
