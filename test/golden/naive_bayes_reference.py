"""Prints what test/golden/naive_bayes.sql compares with: scikit-learn's GaussianNB and CategoricalNB on three data sets.

    python3 naive_bayes_reference.py FOLDER      FOLDER has data/*.csv.gz

A mixed model is the product of both: the log joint probabilities add up, less one prior.  Trained on the rows whose number is
no multiple of 5; the figures are sums over the others: of the probability of the class named, of it times the number of the row,
minus the log of that of the true class (600 at most), and how many are right.
"""
import sys
import numpy as np
import pandas as pd
from sklearn.naive_bayes import CategoricalNB, GaussianNB


def read(name):
    d = pd.read_csv('%s/data/%s.csv.gz' % (sys.argv[1], name), keep_default_na=False)
    d.columns = [c.lower() for c in d.columns]
    return d, np.arange(1, len(d) + 1)


def report(name, log_joint, y, classes, n, named):
    p = np.exp(log_joint - log_joint.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    k = list(classes).index(named)
    own = log_joint[np.arange(len(y)), [list(classes).index(v) for v in y]] - log_joint.max(1) - np.log(np.exp(log_joint - log_joint.max(1, keepdims=True)).sum(1))
    print(name, repr(p[:, k].sum()), repr((p[:, k] * n).sum()), repr(-np.maximum(own, -600).sum()), int((np.array(classes)[p.argmax(1)] == y).sum()), flush=True)


def numbers(x, y, train, **args):
    m = GaussianNB(**args).fit(x[train], y[train])
    return m._joint_log_likelihood(x[~train]), m.classes_, np.log(m.class_prior_)


def categories(d, columns, y, train, alpha):
    codes = np.column_stack([np.unique(d[c].astype(str), return_inverse=True)[1] for c in columns])
    # levels that only the test rows have: none here
    m = CategoricalNB(alpha=alpha, min_categories=[len(np.unique(codes[train, j])) for j in range(codes.shape[1])]).fit(codes[train], y[train])
    return m._joint_log_likelihood(codes[~train]), m.classes_, m.class_log_prior_


d, n = read('iris')
train, y = n % 5 != 0, d['species'].to_numpy()
x = d.drop(columns='species').to_numpy(float)
j, classes, prior = numbers(x, y, train)
report('iris', j, y[~train], classes, n[~train], 'virginica')

d, n = read('telco_churn')
train, y = n % 5 != 0, d['churn'].to_numpy()
numeric = ['tenure', 'monthly_charges', 'senior_citizen']
text = ['gender', 'partner', 'dependents', 'phone_service', 'multiple_lines', 'internet_service', 'online_security', 'online_backup', 'device_protection', 'tech_support',
        'streaming_tv', 'streaming_movies', 'contract', 'paperless_billing', 'payment_method']
x = d[numeric].to_numpy(float)
a, classes, prior = numbers(x, y, train)
b, classes, prior = categories(d, text, y, train, 1.0)
report('telco_numbers', a, y[~train], classes, n[~train], 'Yes')
report('telco_categories', b, y[~train], classes, n[~train], 'Yes')
report('telco', a + b - prior, y[~train], classes, n[~train], 'Yes')
b, classes, prior = categories(d, text, y, train, 0.01)
report('telco_alpha', b, y[~train], classes, n[~train], 'Yes')
a, classes, prior = numbers(x, y, train, priors=[0.5, 0.5], var_smoothing=1e-2)
report('telco_smoothed', a, y[~train], classes, n[~train], 'Yes')

d, n = read('online_shoppers')
train, y = n % 5 != 0, d['revenue'].astype(str).str.lower().to_numpy()
numeric = ['administrative', 'administrative_duration', 'informational', 'informational_duration', 'product_related', 'product_related_duration', 'bounce_rates', 'exit_rates',
           'page_values', 'special_day']
text = ['month', 'visitor_type', 'weekend']
a, classes, prior = numbers(d[numeric].to_numpy(float), y, train)
b, classes, prior = categories(d, text, y, train, 1.0)
report('shoppers', a + b - prior, y[~train], classes, n[~train], 'true')
