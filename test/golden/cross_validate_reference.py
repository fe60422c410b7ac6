#!/usr/bin/python3
"""cross_validate_reference.py: folds of an expanding window by scikit-learn, for cross_validate.sql.

Reads rows of bank_marketing in their order and prints rows "fold,metric,value,n,n_training".  Prints nothing where
scikit-learn is not there.
"""
import sys

try:
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, average_precision_score, brier_score_loss, log_loss, roc_auc_score
    from sklearn.model_selection import TimeSeriesSplit
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
except ImportError:
    for _ in sys.stdin:
        pass
    sys.exit(0)

rows = pd.read_csv(sys.stdin)
y = (rows.pop('y') == 'yes').astype(int)
numbers = [c for c in rows if rows[c].dtype != object]
texts = [c for c in rows if rows[c].dtype == object]
for fold, (train, test) in enumerate(TimeSeriesSplit(5).split(rows), 1):
    model = make_pipeline(
        make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(drop='first'), texts)),
        LogisticRegression(penalty=None, solver='newton-cholesky', tol=1e-10, max_iter=200))
    p = model.fit(rows.iloc[train], y.iloc[train]).predict_proba(rows.iloc[test])[:, 1]
    t = y.iloc[test]
    for metric, value in (('auc', roc_auc_score(t, p)), ('average_precision', average_precision_score(t, p)),
                          ('log_loss', log_loss(t, p)), ('brier', brier_score_loss(t, p)),
                          ('accuracy', accuracy_score(t, p > 0.5))):
        print(f'{fold},{metric},{float(value)!r},{len(test)},{len(train)}')
