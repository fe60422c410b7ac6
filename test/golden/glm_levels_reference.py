# The figures of glm_levels.sql: python3 glm_levels_reference.py FOLDER, the folder with online_shoppers.csv.gz.
import sys
import numpy as np
import pandas as pd

rows = pd.read_csv(sys.argv[1] + '/online_shoppers.csv.gz')
rows.columns = [c.lower() for c in rows.columns]
y = rows.pop('administrative').to_numpy(dtype=float)
names, columns = ['(intercept)'], [np.ones(len(rows))]
for name, values in rows.items():
    if values.dtype == object:
        levels = [l for l in sorted(values.unique()) if l not in ('Aug', 'New_Visitor')]
        names += [name + '=' + l for l in levels]
        columns += [(values == l).to_numpy(dtype=float) for l in levels]
    else:
        names.append(name)
        columns.append(values.to_numpy(dtype=float))
x = np.column_stack(columns)
eta = np.log(y + 0.1)
while True:
    mu = np.exp(eta)
    b = np.linalg.solve(x.T @ (mu[:, None] * x), x.T @ (mu * eta + y - mu))
    if np.abs(x @ b - eta).max() < 1e-12:
        break
    eta = x @ b
errors = np.sqrt(np.diag(np.linalg.inv(x.T @ (mu[:, None] * x))))
print('deviance', 2 * np.sum(np.where(y > 0, y * np.log(np.where(y > 0, y, 1) / mu), 0) - (y - mu)))
for name, estimate, error in zip(names, b, errors):
    print('%s %.10f %.10f' % (name, estimate, error))
