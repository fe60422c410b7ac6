#!/usr/bin/python3
"""gmm_reference.py FOLDER: reference figures of gmm.sql, as rows of VALUES.

FOLDER holds the public data sets.  First, the log-likelihood and BIC of tied and spherical mixtures, the
best of ten starts.  Second, one iteration of EM on iris from a mixture of three components with
means at rows 1, 51 and 101 and unit covariances: log-likelihood before, weights, sum of the means
and sum of all elements of the covariances after.  Printed with scikit-learn 1.2.1.
"""
import csv
import gzip
import sys
import warnings

import numpy as np
from sklearn.mixture import GaussianMixture

warnings.filterwarnings('ignore')
folder = sys.argv[1]


def load(name, columns):
    with gzip.open('%s/%s.csv.gz' % (folder, name), 'rt') as f:
        return np.array([[float(row[c]) for c in columns] for row in csv.DictReader(f)])


wholesale = np.log(load('wholesale_customers', ['fresh', 'milk', 'grocery', 'frozen', 'detergents_paper', 'delicassen']))
iris = load('iris', ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'])

print('-- best of ten starts')
for name, x in (('wholesale_ln', wholesale), ('iris', iris)):
    for covariance in ('tied', 'spherical'):
        for k in range(1, 7):
            g = GaussianMixture(k, covariance_type=covariance, tol=1e-7, max_iter=2000, n_init=10, random_state=0).fit(x)
            print("\t('%s', '%s', %d, %.9g, %.9g)," % (name, covariance, k, g.score(x) * len(x), g.bic(x)))

print('-- one iteration')
unit = {'full': np.array([np.eye(4)] * 3), 'tied': np.eye(4), 'diag': np.ones((3, 4)), 'spherical': np.ones(3)}
for covariance, precisions in unit.items():
    g = GaussianMixture(3, covariance_type=covariance, tol=0, max_iter=1, reg_covar=1e-6,
                        weights_init=[1 / 3] * 3, means_init=iris[[0, 50, 100]], precisions_init=precisions)
    g.fit(iris)
    c = g.covariances_
    print("\t('%s', %.12g, '{%s}', %.12g, %.12g)," % (covariance, g.lower_bound_ * len(iris),
          ','.join('%.12g' % w for w in g.weights_), g.means_.sum(), c.sum()))
