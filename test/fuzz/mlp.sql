-- Networks by value: layers, units, activations and weights out of range, in any part of the stored form.
CREATE TABLE people AS
SELECT i AS id, (i % 5) * 20 + i / 10.0 AS spent, i * 7 % 13 AS visits, (ARRAY['a', 'b', 'c', 'd'])[1 + i % 4] AS place, i * 7 % 13 > 6 AS y, i % 3 AS three
FROM generate_series(1, 80) i;
CREATE VIEW some_people AS SELECT * FROM people WHERE id <= 5;
SET client_min_messages = error;
SELECT 1 FROM userseg.train('two', 'mlp', 'people', target => 'y', id => 'id', features => '{spent,visits,place}', holdout => 0, params => '{"hidden": [5, 3], "max_epochs": 3}') \g /dev/null
SELECT 1 FROM userseg.train('three', 'mlp', 'people', target => 'three', id => 'id', features => '{spent,visits,place}', holdout => 0, params => '{"task": "classification", "hidden": [4], "max_epochs": 3}') \g /dev/null
SELECT 1 FROM userseg.train('number', 'mlp', 'people', target => 'spent', id => 'id', features => '{visits,place,three}', holdout => 0, params => '{"hidden": [4], "activation": "tanh", "max_epochs": 3}') \g /dev/null
SELECT 1 FROM userseg.train('auto', 'autoencoder', 'people', id => 'id', features => '{spent,visits,place}', params => '{"hidden": [4], "code": 2, "max_epochs": 3}') \g /dev/null
SELECT '1..4';
SELECT fuzz.model(m, 'some_people', 1500) FROM unnest('{two,three,number,auto}'::text[]) m;
