"""Prints what test/golden/svm.sql compares with: scikit-learn's SVC, SVR and LinearSVC.

    python3 svm_reference.py FOLDER      FOLDER has data/telco_churn.csv.gz, data/bank_marketing.csv.gz, data/online_shoppers.csv.gz,
                                     data/wholesale_customers.csv.gz
"""
import sys
import time
import numpy as np
import pandas as pd
from sklearn.kernel_approximation import Nystroem
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

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


# Exact kernel machines on more rows, and scikit-learn's own approximation of them (Nystroem, LinearSVC) beside.
def large(name, columns, target, make, linear, task):
    d = pd.read_csv(sys.argv[1] + '/data/%s.csv.gz' % name, keep_default_na=False)
    d.columns = [c.lower() for c in d.columns]
    x = np.column_stack([f(d[c]) for c, f in columns]).astype(float)
    y = target(d)
    train = np.arange(1, len(d) + 1) % 5 != 0
    a, b = scaled(x[train], x[train]), scaled(x[train], x[~train])
    for m, t, u in [(make, a, b)] + [(linear, f.transform(a), f.transform(b)) for f in [Nystroem(kernel='rbf', gamma=make.gamma, n_components=512, random_state=1).fit(a)]]:
        begun = time.time()
        m.fit(t, y[train])
        p = m.predict(u)
        if task == 'classes':
            figure = [(p == y[~train]).mean(), np.mean([(p[y[~train] == v] == v).mean() for v in (-1, 1)])]
        else:
            figure = [np.sqrt(np.mean((p - y[~train]) ** 2))]
        print(name, m.__class__.__name__, figure, '%.1f s' % (time.time() - begun), flush=True)


def number(v):
    return pd.to_numeric(v)


def yes(v):
    return v.astype(str).str.lower().isin(['yes', 'true'])


bank = [(c, number) for c in ('age', 'balance', 'day', 'duration', 'campaign', 'pdays', 'previous')] + [('housing', yes), ('loan', yes)]
shop = [(c, number) for c in ('administrative', 'administrative_duration', 'informational', 'product_related', 'product_related_duration', 'bounce_rates', 'exit_rates', 'page_values', 'special_day')] + [('weekend', yes)]
large('bank_marketing', bank, lambda d: np.where(d['y'] == 'yes', 1, -1), SVC(kernel='rbf', C=1, gamma=0.1, class_weight='balanced', cache_size=1000),
      LinearSVC(C=1, loss='hinge', class_weight='balanced', max_iter=2000), 'classes')
large('online_shoppers', shop, lambda d: np.where(yes(d['revenue']), 1, -1), SVC(kernel='rbf', C=1, gamma=0.1, class_weight='balanced', cache_size=1000),
      LinearSVC(C=1, loss='hinge', class_weight='balanced', max_iter=2000), 'classes')
large('online_shoppers', [c for c in shop if c[0] != 'product_related_duration'], lambda d: np.log1p(d['product_related_duration'].astype(float)), SVR(kernel='rbf', C=1, gamma=0.1, epsilon=0.1, cache_size=1000),
      LinearSVR(C=1, epsilon=0.1, max_iter=2000), 'numbers')


# Row weights: wholesale customers, logarithms as they are; the channel from what is bought, and what is spent on groceries from the rest.
d = pd.read_csv(sys.argv[1] + '/data/wholesale_customers.csv.gz')
d.columns = [c.lower() for c in d.columns]
x = np.log(d[['fresh', 'milk', 'frozen', 'detergents_paper', 'delicassen']].to_numpy(float))
weight = 1 + (np.arange(1, len(d) + 1) % 3) * 0.5
x = np.column_stack([x, d.region == 3])


# The dual objective of SVC and SVR, at its maximum equal to the primal one, which is less exact there; the primal one of LinearSVC.
def weighted(name, m, y, epsilon=0):
    m.fit(x, y, sample_weight=weight)
    f = m.decision_function(x) if hasattr(m, 'classes_') else m.predict(x)
    if hasattr(m, 'support_'):
        a = m.dual_coef_[0]
        value = y[m.support_] @ a - epsilon * abs(a).sum() - a @ (f[m.support_] - m.intercept_[0]) / 2
    else:
        value = (m.coef_ ** 2).sum() / 2 + m.intercept_[0] ** 2 / 2 + m.C * (weight * np.maximum(0, 1 - y * f) ** 2).sum()
    print('weights', name, repr(value), flush=True)


channel = np.where(d.channel == 2, 1, -1)
grocery = np.log(d.grocery.to_numpy(float))
weighted('linear', SVC(kernel='linear', C=2, tol=1e-8), channel)
weighted('squared', LinearSVC(C=2, tol=1e-12, dual=False, max_iter=100000), channel)
weighted('rbf', SVC(kernel='rbf', C=2, gamma=0.2, tol=1e-8), channel)
weighted('polynomial', SVC(kernel='poly', degree=2, coef0=0.5, C=0.5, gamma=0.1, tol=1e-8), channel)
weighted('number rbf', SVR(kernel='rbf', C=3, gamma=0.1, epsilon=0.2, tol=1e-8), grocery, 0.2)
weighted('number linear', SVR(kernel='linear', C=1, epsilon=0.3, tol=1e-8), grocery, 0.3)
