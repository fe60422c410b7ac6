"""Prints what test/golden/distil.sql compares with: scikit-learn's forest of 200 trees on the Telco customers, imitated by
a regression tree of depth 4 on its probabilities.

    python3 distil_reference.py FOLDER      FOLDER has data/*.csv.gz

Trained on the rows whose number is no multiple of 5, compared on the others: fidelity (same label), R^2 of the probabilities, AUC
of both against churn; mean and standard deviation of ten seeds of the forest.
"""
import sys

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.tree import DecisionTreeRegressor

d = pd.read_csv(sys.argv[1] + '/data/telco_churn.csv.gz')
d.columns = [c.lower() for c in d.columns]
y = (d.churn == 'Yes').to_numpy().astype(int)
d['total_charges'] = pd.to_numeric(d.total_charges, errors='coerce').fillna(0)
x = pd.get_dummies(d.drop(columns=[c for c in ('churn', 'customer_id', 'row_no') if c in d])).to_numpy(float)
test = (np.arange(len(d)) + 1) % 5 == 0
rows = []
for seed in range(10):
    teacher = RandomForestClassifier(200, min_samples_leaf=5, n_jobs=2, random_state=seed).fit(x[~test], y[~test])
    student = DecisionTreeRegressor(max_depth=4, min_samples_leaf=5).fit(x[~test], teacher.predict_proba(x[~test])[:, 1])
    t, s = teacher.predict_proba(x[test])[:, 1], student.predict(x[test])
    rows.append([((t > 0.5) == (s > 0.5)).mean(), r2_score(t, s), roc_auc_score(y[test], t), roc_auc_score(y[test], s)])
for name, values in zip(['fidelity', 'r2', 'teacher_auc', 'student_auc'], np.array(rows).T):
    print(f"  ('{name}', {values.mean():.6f}, {values.std(ddof=1):.6f})")
