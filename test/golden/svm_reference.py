"""Prints what test/golden/svm.sql compares with: scikit-learn's SVC and LinearSVC on Telco churn.

    python3 svm_reference.py FOLDER      FOLDER has data/telco_churn.csv.gz
"""
import sys
import numpy as np
import pandas as pd
from sklearn.svm import SVC, LinearSVC

d = pd.read_csv(sys.argv[1] + '/data/telco_churn.csv.gz', keep_default_na=False)
d.columns = [c.lower() for c in d.columns]
x = np.column_stack([pd.to_numeric(d[c], errors='coerce').fillna(0) for c in ('tenure', 'monthly_charges', 'total_charges', 'senior_citizen')] +
                    [(d[c] == v) for c, v in (('contract', 'One year'), ('contract', 'Two year'), ('internet_service', 'Fiber optic'),
                                              ('payment_method', 'Electronic check'), ('paperless_billing', 'Yes'))]).astype(float)
y = np.where(d['churn'] == 'Yes', 1, -1)
train = np.arange(1, len(d) + 1) % 5 != 0


def scaled(a, b):
    return (b - a.mean(0)) / a.std(0)


def report(name, m, squared, penalised=False, balanced=False):
    m.fit(scaled(x[train], x[train]), y[train])
    f = m.decision_function(scaled(x[train], x[train]))
    loss = np.maximum(0, 1 - y[train] * f)
    weight = np.where(y[train] > 0, *(train.sum() / 2 / (y[train] == v).sum() for v in (1, -1))) if balanced else 1
    if m.__class__ is LinearSVC:
        w2 = (m.coef_ ** 2).sum() + (m.intercept_ ** 2).sum() * penalised
    else:
        a = np.zeros(train.sum())
        a[m.support_] = m.dual_coef_[0]
        w2 = a @ (f - m.intercept_[0])
    print(name, repr(w2 / 2 + m.C * (weight * (loss ** 2 if squared else loss)).sum()), repr((m.predict(scaled(x[train], x[~train])) == y[~train]).mean()), flush=True)


report('hinge', SVC(kernel='linear', C=1, tol=1e-5), False)
report('squared_hinge penalised', LinearSVC(C=0.1, tol=1e-10, max_iter=1000000), True, True)
report('hinge weighted', SVC(kernel='linear', C=1, tol=1e-5, class_weight='balanced'), False, balanced=True)
report('rbf', SVC(kernel='rbf', C=1, gamma=0.1, tol=1e-5), False)
report('polynomial', SVC(kernel='poly', degree=3, coef0=1, C=1, gamma=0.1, tol=1e-5), False)
