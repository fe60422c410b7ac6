#!/usr/bin/python3
"""metrics_reference.py: figures of scikit-learn and scipy for metrics.sql.

Reads rows "tab,score,probability,label,predicted,actual,class_predicted,class_actual,weight" from standard
input and prints rows "tab,weighted,metric,value".  Prints nothing where scikit-learn is not there.
"""
import csv
import sys

try:
    import numpy as np
    from scipy import stats
    from sklearn import metrics as m
except ImportError:
    for _ in sys.stdin:
        pass
    sys.exit(0)


def figures(r, w):
    y = r['label'].astype(int)
    s = r['score'].astype(float)
    p = r['probability'].astype(float)
    a, b = r['actual'].astype(float), r['predicted'].astype(float)
    hit = p >= 0.5
    one = w if w is not None else np.ones(len(y))
    yield 'auc', m.roc_auc_score(y, s, sample_weight=w)
    yield 'gini', 2 * m.roc_auc_score(y, s, sample_weight=w) - 1
    yield 'average_precision', m.average_precision_score(y, s, sample_weight=w)
    fpr, tpr, _ = m.roc_curve(y, s, sample_weight=w, drop_intermediate=False)
    yield 'ks', np.max(np.abs(tpr - fpr))
    if w is None:
        yield 'ks_scipy', stats.ks_2samp(s[y == 1], s[y == 0]).statistic
    yield 'log_loss', m.log_loss(y, p, sample_weight=w)
    yield 'brier', m.brier_score_loss(y, p, sample_weight=w)
    yield 'rmse', m.mean_squared_error(a, b, sample_weight=w) ** 0.5
    yield 'mae', m.mean_absolute_error(a, b, sample_weight=w)
    yield 'mape', m.mean_absolute_percentage_error(a, b, sample_weight=w)
    yield 'r2', m.r2_score(a, b, sample_weight=w)
    yield 'pinball', m.mean_pinball_loss(a, b, sample_weight=w, alpha=0.8)
    yield 'f1', m.f1_score(y, hit, sample_weight=w)
    yield 'mcc', m.matthews_corrcoef(y, hit, sample_weight=w)
    ca, cp = r['class_actual'], r['class_predicted']
    yield 'accuracy', m.accuracy_score(ca, cp, sample_weight=w)
    yield 'balanced_accuracy', m.balanced_accuracy_score(ca, cp, sample_weight=w)
    yield 'kappa', m.cohen_kappa_score(ca, cp, sample_weight=w)
    yield 'mcc_classes', m.matthews_corrcoef(ca, cp, sample_weight=w)
    for average in ('macro', 'weighted'):
        yield 'f1_' + average, m.f1_score(ca, cp, average=average, sample_weight=w)
        yield 'precision_' + average, m.precision_score(ca, cp, average=average, sample_weight=w, zero_division=0)
        yield 'recall_' + average, m.recall_score(ca, cp, average=average, sample_weight=w)
    # bins (i/10, (i+1)/10], by hand
    edges = np.arange(1, 10) / 10
    bins = np.searchsorted(edges, p, side='left')
    ece = 0.0
    for i in range(10):
        k = bins == i
        if k.any():
            ece += abs(np.average(p[k], weights=one[k]) - np.average(y[k], weights=one[k])) * one[k].sum()
    yield 'ece', ece / one.sum()


rows = {}
for row in csv.DictReader(sys.stdin):
    rows.setdefault(row['tab'], []).append(row)
for tab, listed in rows.items():
    columns = {k: np.array([row[k] for row in listed]) for k in listed[0]}
    for weighted in (False, True):
        for metric, value in figures(columns, columns['weight'].astype(float) if weighted else None):
            print(f'{tab},{weighted},{metric},{float(value)!r}')
