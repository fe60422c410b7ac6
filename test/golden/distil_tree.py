"""scikit-learn's regression tree of depth 4 on the probabilities p of a model of the Telco customers: fitted on the rows whose number is no
multiple of 5, compared on the others.  Reads CSV (seed, p, row_no, columns, churn), prints the means over the seeds.
"""
import sys

import pandas as pd
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.tree import DecisionTreeRegressor

d = pd.read_csv(sys.stdin)
test = (d.row_no % 5 == 0).to_numpy()
y = (d.churn == 'Yes').to_numpy()
x = pd.get_dummies(d.drop(columns=['seed', 'p', 'row_no', 'churn'])).fillna(0).to_numpy(float)
p = d.p.to_numpy()
rows = []
for seed in sorted(d.seed.unique()):
    here = (d.seed == seed).to_numpy()
    tree = DecisionTreeRegressor(max_depth=4, min_samples_leaf=5).fit(x[here & ~test], p[here & ~test])
    t, s = p[here & test], tree.predict(x[here & test])
    rows.append({'fidelity': ((t > 0.5) == (s > 0.5)).mean(), 'r2': r2_score(t, s), 'student_auc': roc_auc_score(y[here & test], s)})
for name, value in pd.DataFrame(rows).mean().items():
    print(f'{name},{value!r}')
