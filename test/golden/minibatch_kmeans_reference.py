#!/usr/bin/python3
"""minibatch_kmeans_reference.py FOLDER: the reference figures of minibatch_kmeans.sql, as rows of VALUES.

FOLDER holds the public data sets.  For each data set (standardised columns) and k: the least inertia of
20 runs of KMeans, and mean and largest inertia of MiniBatchKMeans over ten seeds with its default batch size
of 1024 and three starts.  The figures in minibatch_kmeans.sql were printed with scikit-learn 1.2.1.
"""
import os
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans, MiniBatchKMeans

warnings.filterwarnings('ignore')
folder = sys.argv[1]


def table(name):
    return pd.read_csv(os.path.join(folder, name + '.csv.gz'))


def retail():
    t = table('online_retail')
    t = t[t.customer_id.notna() & (t.quantity > 0) & (t.unit_price > 0)].copy()
    t['money'] = t.quantity * t.unit_price
    return t.groupby('customer_id').agg(orders=('invoice_no', 'nunique'), products=('stock_code', 'nunique'),
                                        items=('quantity', 'sum'), money=('money', 'sum'))


shoppers = table('online_shoppers')
sets = {
    'retail_log': np.log1p(retail()),
    'retail_raw': retail(),
    'bank': table('bank_marketing')[['age', 'balance', 'day', 'duration', 'campaign', 'pdays', 'previous']],
    'shoppers': shoppers[['administrative', 'administrative_duration', 'informational', 'informational_duration',
                          'product_related', 'product_related_duration', 'bounce_rates', 'exit_rates',
                          'page_values', 'special_day']],
}
for name, columns in sets.items():
    x = columns.to_numpy(dtype=float)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    for k in (5, 8, 15):
        best = KMeans(k, n_init=20, random_state=0).fit(x).inertia_
        runs = [MiniBatchKMeans(k, n_init=3, random_state=seed).fit(x).inertia_ for seed in range(10)]
        print("\t('%s', %d, %.6f, %.6f, %.6f)," % (name, k, best, np.mean(runs), np.max(runs)), flush=True)
