#!/usr/bin/python3
"""partial_train_reference.py FOLDER: centres of scikit-learn's MiniBatchKMeans.partial_fit for partial_train.sql, as VALUES.

FOLDER holds the public data sets.  Printed with scikit-learn 1.2.1.
"""
import os
import sys

import numpy as np
import pandas as pd
from sklearn.cluster import MiniBatchKMeans

t = pd.read_csv(os.path.join(sys.argv[1], 'online_retail.csv.gz'), parse_dates=['invoice_date'])
t = t[t.customer_id.notna() & (t.quantity > 0) & (t.unit_price > 0)].copy()
t['money'] = t.quantity * t.unit_price
t['month'] = t.invoice_date.dt.strftime('%Y-%m')
visit = np.log1p(t.groupby(['month', 'customer_id']).agg(orders=('invoice_no', 'nunique'), products=('stock_code', 'nunique'),
                                                         items=('quantity', 'sum'), money=('money', 'sum')))
start = np.array([[0.7, 2, 4, 5], [0.7, 3, 5, 6], [1.5, 4, 7, 7.5]])
model = MiniBatchKMeans(3, init=start, n_init=1, reassignment_ratio=0)
first, second = visit.loc['2010-12'].to_numpy(), visit.loc['2011-01'].to_numpy()
model.partial_fit(first)
# a model of userseg counts the rows that are nearest to its final centres, scikit-learn those that were before the batch
model._counts = np.bincount(model.predict(first), minlength=3).astype(float)
model.partial_fit(second)
print(', '.join("(%d, '%s', %.12f)" % (i + 1, visit.columns[j], model.cluster_centers_[i, j]) for i in range(3) for j in range(4)))
