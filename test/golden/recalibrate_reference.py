#!/usr/bin/python3
"""recalibrate_reference.py: calibrated probabilities of three classes by scikit-learn and scipy, for recalibrate.sql.

Reads rows "row_no,label,p0,p1,p2" (classes in the order of their names) from standard input and prints rows
"method,row_no,p0,p1,p2".  Prints nothing where scikit-learn is not there.
"""
import csv
import sys

try:
    import numpy as np
    from scipy import optimize, special
    from sklearn.isotonic import IsotonicRegression
except ImportError:
    for _ in sys.stdin:
        pass
    sys.exit(0)

rows = list(csv.DictReader(sys.stdin))
number = [r['row_no'] for r in rows]
p = np.array([[float(r['p%d' % k]) for k in range(3)] for r in rows])
names = sorted({r['label'] for r in rows})
y = np.array([names.index(r['label']) for r in rows])


def normalised(q):
    return q / q.sum(axis=1, keepdims=True)


def isotonic(x, hit):
    return IsotonicRegression(out_of_bounds='clip').fit(x, hit).predict(x)


def platt(x, hit):
    """Platt's targets, on the log-odds."""
    f = special.logit(np.clip(x, 1e-15, 1 - 1e-15))
    t = np.where(hit, (hit.sum() + 1) / (hit.sum() + 2), 1 / ((~hit).sum() + 2))

    def loss(v):
        z = v[0] * f + v[1]
        g = special.expit(-z)
        return (np.sum(np.logaddexp(0, z) - (1 - t) * z),
                np.array([np.sum((t - g) * f), np.sum(t - g)]))

    v = optimize.minimize(loss, [-1, 0], jac=True, method='BFGS', options={'gtol': 1e-9, 'maxiter': 1000}).x
    return special.expit(-(v[0] * f + v[1]))


def temperature():
    logs = np.log(np.clip(p, 1e-15, None))

    def loss(a):
        z = a * logs
        return np.sum(special.logsumexp(z, axis=1) - z[np.arange(len(y)), y])

    a = optimize.minimize_scalar(loss, bounds=(0.01, 100), method='bounded', options={'xatol': 1e-10}).x
    return special.softmax(a * logs, axis=1)


result = {
    'isotonic': normalised(np.column_stack([isotonic(p[:, k], y == k) for k in range(3)])),
    'platt': normalised(np.column_stack([platt(p[:, k], y == k) for k in range(3)])),
    'temperature': temperature(),
}
for method, q in result.items():
    for i, row in zip(number, q):
        print(f'{method},{i},{row[0]!r},{row[1]!r},{row[2]!r}')
