#!/usr/bin/python3
"""predict_quantile_reference.py FOLDER: the reference figures of predict_quantile.sql, as rows of VALUES.

FOLDER holds the public data sets.  Mean pinball loss of quantile regression forests (Meinshausen 2006) on the rows whose
number is divisible by five, over ten forests by scikit-learn's RandomForestRegressor with the weights of the paper: all training
rows of the leaf that a row falls into, in each tree.  The figures in predict_quantile.sql were printed with scikit-learn 1.2.1.
"""
import os
import sys

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor

folder = sys.argv[1]


def table(name):
    return pd.read_csv(os.path.join(folder, name + '.csv.gz'))


diabetes = table('diabetes_raw')
wholesale = table('wholesale_customers')
sets = [
    ('diabetes_raw', diabetes.drop(columns=[c for c in ('row_no', 'target') if c in diabetes]), diabetes.target),
    ('wholesale', wholesale[['channel', 'region', 'milk', 'grocery', 'frozen', 'detergents_paper', 'delicassen']], wholesale.fresh),
]
quantiles = (0.1, 0.5, 0.9)
for name, x, y in sets:
    x, y = x.values.astype(float), y.values.astype(float)
    row = np.arange(1, len(y) + 1)
    train, test = row % 5 != 0, row % 5 == 0
    losses = []
    for seed in range(10):
        forest = RandomForestRegressor(200, min_samples_leaf=5, max_features=1 / 3, random_state=seed).fit(x[train], y[train])
        known, asked = forest.apply(x[train]), forest.apply(x[test])
        order = np.argsort(y[train])
        loss = []
        for q in quantiles:
            predicted = []
            for leaf in asked:
                same = known == leaf
                weight = (same / same.sum(0)).mean(1)[order]
                predicted.append(y[train][order][np.searchsorted(np.cumsum(weight), q)])
            d = y[test] - np.array(predicted)
            loss.append(np.maximum(q * d, (q - 1) * d).mean())
        losses.append(loss)
    losses = np.array(losses)
    print("\t('%s', %s)," % (name, ', '.join('%.4f, %.4f' % p for p in zip(losses.mean(0), losses.std(0, ddof=1)))))
