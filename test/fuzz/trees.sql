-- Models of trees by value: nodes, bins, sets, distributions and background rows out of range, in any part of the stored form; what is read
-- is scored with reasons.
CREATE TABLE people AS
SELECT i AS id, (i % 5) * 20 + i / 10.0 AS spent, CASE WHEN i % 6 > 0 THEN i * 7 % 13 END AS visits, (ARRAY['a', 'b', 'c', 'd', 'e', 'f'])[1 + i % 6] AS place, i * 7 % 13 > 6 AS y, i % 3 AS three
FROM generate_series(1, 80) i;
SELECT 1 FROM userseg.train('tree', 'decision_tree', 'people', target => 'y', id => 'id', features => '{spent,visits,place}', holdout => 0, params => '{"pruning": "none", "min_leaf": 1}') \g /dev/null
SELECT 1 FROM userseg.train('forest', 'random_forest', 'people', target => 'three', id => 'id', features => '{spent,visits,place}', holdout => 0, params => '{"n_trees": 3, "min_leaf": 1, "task": "classification", "background": 4}') \g /dev/null
SELECT 1 FROM userseg.train('boosted', 'gradient_boosting', 'people', target => 'spent', id => 'id', features => '{visits,place,three}', holdout => 0, params => '{"n_rounds": 4}') \g /dev/null
SELECT 1 FROM userseg.train('isolated', 'isolation_forest', 'people', id => 'id', features => '{spent,visits,place}', params => '{"n_trees": 4, "sample_size": 40}') \g /dev/null
SELECT 1 FROM userseg.train('sampled', 'random_forest', 'people', target => 'spent', id => 'id', features => '{visits,place}', holdout => 0, params => '{"n_trees": 2, "min_leaf": 4, "leaf_samples": 2}') \g /dev/null

CREATE VIEW some_people AS SELECT * FROM people WHERE id <= 20;
SELECT fuzz.model('tree', 'some_people', 3000);
SELECT fuzz.model('forest', 'some_people', 3000);
SELECT fuzz.model('boosted', 'some_people', 3000);
SELECT fuzz.model('isolated', 'some_people', 3000);
SELECT fuzz.model('sampled', 'some_people', 2000);
SELECT '1..5';
