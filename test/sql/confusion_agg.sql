-- Confusion matrices of text labels.
SET extra_float_digits = 0;
CREATE TABLE guesses (predicted text, actual text, w float8);
INSERT INTO guesses VALUES ('cat', 'cat', 1), ('cat', 'dog', 2), ('dog', 'dog', 1), ('bird', 'dog', 0.5), ('dog', 'dog', 1), (NULL, 'dog', 1), ('dog', NULL, 1), ('fish', 'dog', 0);
SELECT jsonb_pretty(userseg.confusion_agg(predicted, actual)) FROM guesses WHERE w > 0;
-- scikit-learn 1.2.1: accuracy 0.5454545455, balanced 0.7222222222, f1_macro 0.3717948718, mcc 0.3638034376
SELECT round((c->>'accuracy')::numeric, 10) AS accuracy, round((c->>'balanced_accuracy')::numeric, 10) AS balanced, round((c->>'f1_macro')::numeric, 10) AS f1_macro, round((c->>'mcc')::numeric, 10) AS mcc
FROM (SELECT userseg.confusion_agg(predicted, actual, w) AS c FROM guesses) t;
SELECT userseg.confusion_agg('a', 'a') AS nothing WHERE false;
SELECT userseg.confusion_agg('', '')->'accuracy' AS empty_label, userseg.confusion_agg(NULL, 'a') AS nulls, userseg.confusion_agg('a', 'a', 0) AS weightless;
-- 300 labels, in any order
SELECT md5(userseg.confusion_agg(i::text, (i * 7 % 300)::text ORDER BY i)::text) = md5(userseg.confusion_agg(i::text, (i * 7 % 300)::text ORDER BY -i)::text) AS same FROM generate_series(0, 299) i;
-- states
CREATE TABLE confusions AS SELECT userseg._confusion_step(userseg._confusion_step(NULL, 'b', 'a'), 'c', 'c', 0.1) AS s;
SELECT s::text::userseg.confusion_counts::text = s::text AS same, userseg._confusion_final(userseg._confusion_combine(s, s))->'weight' AS twice FROM confusions;
-- errors
SELECT userseg.confusion_agg(i::text, i::text) FROM generate_series(1, 501) i;
SELECT userseg.confusion_agg(repeat('x', 1001), 'a');
SELECT userseg.confusion_agg('a', 'a', -1);
SELECT userseg.confusion_agg('a', 'a', 1e12) FROM generate_series(1, 20000);
SELECT ''::userseg.confusion_counts;
SELECT ('02' || substr(s::text, 3))::userseg.confusion_counts FROM confusions;
SELECT (s::text || '00')::userseg.confusion_counts FROM confusions;
SELECT replace(s::text, '0100000061', '0100000062')::userseg.confusion_counts FROM confusions;
DROP TABLE guesses, confusions;
