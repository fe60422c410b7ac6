#!/usr/bin/python3
"""isolation_forest_reference.py FOLDER: the reference figures of isolation_forest.sql, as rows of VALUES.

FOLDER holds the public data sets.  Over ten forests of 100 trees on 256 rows each by scikit-learn's IsolationForest: mean and
standard deviation (over the forests) of the mean score, of the scores' 0.5 and 0.99 quantiles, and of the area under the
curve of the score against a column.  The figures in isolation_forest.sql were printed with scikit-learn 1.2.1.
"""
import os
import sys

import numpy as np
import pandas as pd
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

folder = sys.argv[1]


def table(name):
    return pd.read_csv(os.path.join(folder, name + '.csv.gz'))


bank = table('bank_marketing')
shoppers = table('online_shoppers')
wholesale = table('wholesale_customers')
sets = [
    ('bank', bank[['age', 'balance', 'day', 'duration', 'campaign', 'pdays', 'previous']], bank.y == 'yes'),
    ('shoppers', shoppers[['administrative', 'administrative_duration', 'informational', 'informational_duration', 'product_related',
                           'product_related_duration', 'bounce_rates', 'exit_rates', 'page_values', 'special_day']],
     shoppers.revenue.astype(str).str.lower() == 'true'),
    ('wholesale', wholesale[['fresh', 'milk', 'grocery', 'frozen', 'detergents_paper', 'delicassen']], wholesale.channel == 2),
]
for name, x, y in sets:
    figures = []
    for seed in range(10):
        score = -IsolationForest(n_estimators=100, max_samples=256, random_state=seed).fit(x.values).score_samples(x.values)
        figures.append([score.mean(), np.median(score), np.quantile(score, 0.99), roc_auc_score(y, score)])
    figures = np.array(figures)
    print("\t('%s', %s)," % (name, ', '.join('%.4f, %.4f' % p for p in zip(figures.mean(0), figures.std(0, ddof=1)))))
