-- Scorecards by value: bins, levels, bounds and weights out of range, in any part of the stored form; what is read is scored with reasons.
CREATE TABLE people AS
SELECT i AS id, (i % 5) * 20 + i / 10.0 AS spent, CASE WHEN i % 6 > 0 THEN i * 7 % 13 END AS visits, (ARRAY['a', 'b', 'c', 'd', 'e', 'f'])[1 + i % 6] AS place, i * 7919 % 13 + i % 5 > 9 AS y
FROM generate_series(1, 200) i;
SELECT 1 FROM userseg.train('card', 'scorecard', 'people', target => 'y', id => 'id', features => '{spent,visits,place}', holdout => 0, params => '{"min_iv": 0, "lambda": 0.01}') \g /dev/null
CREATE VIEW some_people AS SELECT * FROM people WHERE id <= 20;
SELECT fuzz.model('card', 'some_people', 3000);
SELECT '1..1';
