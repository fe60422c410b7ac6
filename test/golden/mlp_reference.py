"""Prints what test/golden/mlp.sql compares with: scikit-learn's MLPClassifier and MLPRegressor, mean and standard deviation over ten seeds.

    python3 mlp_reference.py FOLDER      FOLDER has data/*.csv.gz

One hidden layer of 64 rectified units, Adam, early stopping on a tenth of the rows, everything else by default; trained on the
rows whose number is no multiple of 5, numbers standardised, categories one-hot; figures of the other rows.  Of iris the mean squared
error of two principal components of the standardised columns.
"""
import sys
import warnings
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
warnings.simplefilter('ignore')


def read(name):
    d = pd.read_csv('%s/data/%s.csv.gz' % (sys.argv[1], name), keep_default_na=False)
    d.columns = [c.lower() for c in d.columns]
    return d, np.arange(1, len(d) + 1)


def encode(d, numeric, text, train):
    x = np.column_stack([pd.to_numeric(d[c], errors='coerce').fillna(0).to_numpy(float) for c in numeric] +
                        [(d[c].astype(str) == v).to_numpy(float) for c in text for v in sorted(d[c].astype(str).unique())])
    return (x - x[train].mean(0)) / np.maximum(x[train].std(0), 1e-12)


def classify(name, x, y, train):
    figures = []
    for seed in range(10):
        m = MLPClassifier((64,), early_stopping=True, random_state=seed).fit(x[train], y[train])
        p = m.predict_proba(x[~train])[:, 1]
        figures.append((roc_auc_score(y[~train], p), log_loss(y[~train], p)))
    f = np.array(figures)
    print(name, 'auc %.4f sd %.4f log loss %.4f sd %.4f' % (f[:, 0].mean(), f[:, 0].std(), f[:, 1].mean(), f[:, 1].std()), flush=True)
    p = LogisticRegression(max_iter=1000).fit(x[train], y[train]).predict_proba(x[~train])[:, 1]
    print(name, 'logistic auc %.4f' % roc_auc_score(y[~train], p))


d, n = read('telco_churn')
text = ['gender', 'partner', 'dependents', 'phone_service', 'multiple_lines', 'internet_service', 'online_security', 'online_backup', 'device_protection', 'tech_support',
        'streaming_tv', 'streaming_movies', 'contract', 'paperless_billing', 'payment_method']
train = n % 5 != 0
classify('telco', encode(d, ['senior_citizen', 'tenure', 'monthly_charges', 'total_charges'], text, train), (d['churn'] == 'Yes').to_numpy(), train)
d, n = read('online_shoppers')
train = n % 5 != 0
numeric = ['administrative', 'administrative_duration', 'informational', 'informational_duration', 'product_related', 'product_related_duration', 'bounce_rates', 'exit_rates',
           'page_values', 'special_day', 'operating_systems', 'browser', 'region', 'traffic_type']
classify('shoppers', encode(d, numeric, ['month', 'visitor_type', 'weekend'], train), (d['revenue'].astype(str).str.lower() == 'true').to_numpy(), train)

d, n = read('diabetes_raw')
train, y = n % 5 != 0, d['target'].to_numpy(float)
x = encode(d, [c for c in d.columns if c != 'target'], [], train)
for stop in (True, False):
    f = []
    for seed in range(10):
        m = MLPRegressor((64,), early_stopping=stop, random_state=seed, max_iter=200 if not stop else 2000).fit(x[train], (y[train] - y[train].mean()) / y[train].std())
        f.append(np.sqrt(np.mean((m.predict(x[~train]) * y[train].std() + y[train].mean() - y[~train]) ** 2)))
    print('diabetes early stopping %s: rmse %.3f sd %.3f' % (stop, np.mean(f), np.std(f)), flush=True)

d, n = read('iris')
x = d.drop(columns='species').to_numpy(float)
x = (x - x.mean(0)) / x.std(0)
u, s, v = np.linalg.svd(x, full_matrices=False)
for k in (1, 2):
    print('iris: error of %d principal components %r' % (k, (((u[:, :k] * s[:k]) @ v[:k] - x) ** 2).mean()))
