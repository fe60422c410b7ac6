-- Hierarchical models by value: cyclic and broken trees, points out of range, cells and components, in any part of the stored form.
CREATE TABLE people AS
SELECT i AS id, (i % 5) * 20 + i / 10.0 AS spent, i * 7 % 13 AS visits FROM generate_series(1, 40) i;
SELECT 1 FROM userseg.train('exact', 'hierarchical', 'people', id => 'id', params => '{"k": 3}') \g /dev/null
SELECT 1 FROM userseg.train('cosine', 'hierarchical', 'people', id => 'id', params => '{"k": 3, "metric": "cosine", "linkage": "average"}') \g /dev/null
SELECT 1 FROM userseg.train('summed', 'hierarchical', 'SELECT i AS id, (i % 500) * 20 + i / 10.0 AS spent, i * 7 % 13 AS visits FROM generate_series(1, 4000) i', id => 'id',
  params => '{"k": 3, "linkage": "single", "metric": "manhattan", "max_exact": 100, "prototypes": 64}') \g /dev/null
SELECT 1 FROM userseg.train('mixture', 'hierarchical', 'SELECT i AS id, (i % 500) * 20 + i / 10.0 AS spent, i * 7 % 13 AS visits FROM generate_series(1, 4000) i', id => 'id',
  params => '{"k": 3, "max_exact": 100, "prototypes": 64}') \g /dev/null

CREATE VIEW some_people AS SELECT * FROM people WHERE id <= 20;
SELECT fuzz.model('exact', 'some_people', 3000);
SELECT fuzz.model('cosine', 'some_people', 3000);
SELECT fuzz.model('summed', 'some_people', 3000);
SELECT fuzz.model('mixture', 'some_people', 3000);
SELECT '1..4';
