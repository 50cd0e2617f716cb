-- who sells in category 10, of three states
SELECT a.id AS id, name AS person_name, city AS person_city, state AS person_state FROM auction a JOIN person p ON a.seller = p.id
WHERE category = 10 AND state IN ('or', 'id', 'ca');
