#!/usr/bin/python3
"""encode_reference.py FOLDER: the reference figures of encode.sql, as rows of VALUES.

FOLDER holds the public data sets.  Each column of a case is told by two figures over
its rows i = 1..n, in the order of the file: the means of x[i] cos(i) and of |x[i]|.
The figures in encode.sql were printed with numpy 1.24.2 and scikit-learn 1.2.1.
"""
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder,
                                   PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler)

warnings.filterwarnings('ignore')
folder = sys.argv[1]


def median():
    return SimpleImputer(strategy='median')


def quantile(output):
    return QuantileTransformer(n_quantiles=1000, output_distribution=output, subsample=10 ** 9)


def case(table, columns, transform, x, tolerance='1e-9'):
    x = np.asarray(x, float)
    c = np.cos(np.arange(1, len(x) + 1))
    figures = ', '.join("'{%s}'" % ','.join(repr(v) for v in f.tolist())
                        for f in ((x * c[:, None]).mean(axis=0), np.abs(x).mean(axis=0)))
    print("\t('%s', '%s', '%s', %s, %s)," % (table, ', '.join(columns), transform, figures, tolerance))


numbers = {
    'telco_churn': ['tenure', 'monthly_charges', 'total_charges'],
    'online_shoppers': ['administrative_duration', 'product_related', 'bounce_rates', 'exit_rates'],
    'bank_marketing': ['age', 'balance', 'duration', 'campaign'],
    'hillstrom': ['recency', 'history'],
}
categories = {
    'telco_churn': ['contract', 'payment_method', 'gender'],
    'bank_marketing': ['job', 'education', 'month'],
}
data = {t: pd.read_csv('%s/%s.csv.gz' % (folder, t)) for t in numbers}

for t, columns in numbers.items():
    x = data[t][columns].values.astype(float)
    i = median().fit_transform(x)

    def fitted(*steps):
        return make_pipeline(median(), *steps).fit_transform(x)
    case(t, columns, '{}', fitted(StandardScaler()))
    case(t, columns, '{"*": [{"impute": "mean"}, "minmax"]}', make_pipeline(SimpleImputer(), MinMaxScaler()).fit_transform(x))
    case(t, columns, '{"*": "none"}', i)
    case(t, columns, '{"*": "power"}', fitted(PowerTransformer()), '1e-6')
    if t != 'online_shoppers':      # columns with equal quartiles are another definition here
        case(t, columns, '{"*": "robust"}', fitted(RobustScaler()))
    if i.min() > -1:
        case(t, columns, '{"*": "log1p"}', fitted(FunctionTransformer(np.log1p), StandardScaler()))
    case(t, columns, '{"*": [{"clip": {"lo_quantile": 0.01, "hi_quantile": 0.99}}, "none"]}',
         np.clip(i, np.percentile(i, 1, axis=0), np.percentile(i, 99, axis=0)))
# ties at the ends are averaged here and not there: columns without such ties
for output in 'uniform', 'normal':
    t, columns = 'bank_marketing', ['balance']
    x = data[t][columns].values.astype(float)
    case(t, columns, '{"*": {"quantile": {"output": "%s", "n": 1000}}}' % output, quantile(output).fit_transform(x))

for t, columns in categories.items():
    x = data[t][columns]
    encoder = OneHotEncoder()
    onehot = encoder.fit_transform(x.values).toarray()
    case(t, columns, '{"*": "none"}', onehot)
    blocks = np.split(onehot, np.cumsum([len(c) for c in encoder.categories_])[:-1], axis=1)
    case(t, columns, '{}', np.hstack([b / np.sqrt(b.var(axis=0).sum()) for b in blocks]))
    case(t, columns, '{"*": "ordinal"}', StandardScaler().fit_transform(OrdinalEncoder().fit_transform(x.values)))
    case(t, columns, '{"*": ["frequency", "none"]}',
         np.column_stack([x[c].map(x[c].value_counts(normalize=True)) for c in columns]))
