#!/usr/bin/python3
"""trees_peers_reference.py boosting|pruning: XGBoost and scikit-learn on the splits of trees_peers.sql.

Reads rows "row_no,y,test_0,...,columns" and prints rows "model,split,metric,value" of the test rows of each split.
boosting: XGBoost 1.7.4, hist, 100 rounds of depth 6, rate 0.1, with categories as one-hot columns and as its own.
pruning: scikit-learn 1.2.1, a tree whose ccp_alpha is the best of 12 from its own path in a cross-validation of 5 folds, judged as
scikit-learn does unless told otherwise (accuracy, R^2) and, of classes, by Brier score.  Prints nothing where they are not there.
"""
import sys

try:
    import numpy as np
    import pandas as pd
    import xgboost as xgb
    from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, roc_auc_score
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
except ImportError:
    for _ in sys.stdin:
        pass
    sys.exit(0)

rows = pd.read_csv(sys.stdin)
splits = [c for c in rows if c.startswith('test_')]
tests = [(rows.pop(c) == 't').values for c in splits]
rows.pop('row_no')
y = rows.pop('y')
classes = y.dtype == object
y = (y == 't').values.astype(int) if classes else y.values.astype(float)
texts = [c for c in rows if rows[c].dtype == object]
onehot = pd.get_dummies(rows, columns=texts, dtype=float).astype(float)
native = rows.astype({c: 'category' for c in texts})


def tell(model, split, t, p):
    if classes:
        figures = (('auc', roc_auc_score(t, p)), ('log_loss', log_loss(t, p, eps=1e-15)), ('accuracy', accuracy_score(t, p >= 0.5)))
    else:
        figures = (('rmse', mean_squared_error(t, p, squared=False)),)
    for metric, value in figures:
        print(f'{model},{split},{metric},{float(value)!r}')


def boosting(x, train, test, split, model):
    data = xgb.DMatrix(x[train], label=y[train], enable_categorical=True)
    params = {'objective': 'binary:logistic', 'tree_method': 'hist', 'max_depth': 6, 'eta': 0.1, 'nthread': 2}
    tell(model, split, y[test], xgb.train(params, data, 100).predict(xgb.DMatrix(x[test], enable_categorical=True)))


def pruning(x, train, test, split, model, scoring):
    tree = (DecisionTreeClassifier if classes else DecisionTreeRegressor)(min_samples_leaf=5, random_state=0)
    path = tree.cost_complexity_pruning_path(x[train], y[train]).ccp_alphas
    alphas = np.unique(np.quantile(np.clip(path, 0, None), 1 - np.geomspace(1, 1 / len(path), 12)))
    search = GridSearchCV(tree, {'ccp_alpha': alphas}, cv=5, scoring=scoring).fit(x[train], y[train])
    found = search.best_estimator_
    tell(model, split, y[test], found.predict_proba(x[test])[:, 1] if classes else found.predict(x[test]))


for split, test in enumerate(tests):
    train = ~test
    if sys.argv[1] == 'boosting':
        boosting(onehot, train, test, split, 'XGBoost one-hot')
        boosting(native, train, test, split, 'XGBoost categories')
    else:
        filled = onehot.fillna(onehot.median())
        pruning(filled, train, test, split, 'scikit-learn', None)
        if classes:
            pruning(filled, train, test, split, 'scikit-learn by Brier score', 'neg_brier_score')
