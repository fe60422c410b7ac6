#!/usr/bin/python3
"""hierarchical_reference.py: what scipy makes of the tables of hierarchical.sql.

Connects as psql does.  Reads table "rows" (dataset, x float8[]) in the order of the values, fills table
"scipy" (dataset, metric, linkage, height float8[], pair int[], leaf int[], inconsistency float8[],
cophenetic float8, label jsonb: cuts k = 2..6).  Reads table "more" (the same columns), fills table "scipy_cut" (dataset,
metric, linkage, height, label int[]: a cut there, which no merge is near).  Does nothing where scipy is absent.
"""
import json
import subprocess
import sys

try:
    import numpy as np
    from scipy.cluster.hierarchy import cophenet, fcluster, inconsistent, leaves_list, linkage
    from scipy.spatial.distance import pdist
except ImportError:
    sys.exit(0)

psql = ['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1']
linkages = ['ward', 'complete', 'average', 'single', 'weighted', 'centroid', 'median']


def run(sql, text=None):
    return subprocess.run(psql + ['-c', sql], input=text, check=True, capture_output=True, text=True).stdout


def read(table):
    rows = {}
    for line in run(f"COPY (SELECT dataset, array_to_json(x) FROM {table} ORDER BY dataset, x) TO STDOUT").splitlines():
        dataset, x = line.split('\t')
        rows.setdefault(dataset, []).append(json.loads(x))
    return rows


rows = read('rows')
out = []
for dataset, x in rows.items():
    x = np.array(x)
    for metric in ['euclidean', 'cosine', 'cityblock']:
        distances = pdist(x, metric)
        for method in linkages if metric == 'euclidean' else ['complete', 'average', 'single', 'weighted']:
            z = linkage(distances, method)
            out.append([dataset, metric.replace('cityblock', 'manhattan'), method, z[:, 2].tolist(),
                        z[:, :2].astype(int).ravel().tolist(), leaves_list(z).tolist(),
                        inconsistent(z, 2)[:, 3].tolist(), float(cophenet(z, distances)[0]),
                        [fcluster(z, k, 'maxclust').tolist() for k in range(2, 7)]])

def field(v):
    if isinstance(v, list) and v and not isinstance(v[0], list):
        return '{' + ','.join(map(repr, v)) + '}'
    return json.dumps(v) if isinstance(v, list) else v if isinstance(v, str) else repr(v)

cuts = []
for dataset, x in read('more').items():
    for metric in ['euclidean', 'cityblock']:
        for method in linkages[:5] if metric == 'euclidean' else linkages[1:5]:
            z = linkage(pdist(np.array(x), metric), method)
            heights = np.unique(np.round(z[:, 2], 9))
            # half way to the next height, from few clusters to many
            for i in {-1, -2, -3, -5, -9, -len(heights) // 4, -len(heights) // 2}:
                if len(heights) + i < 1:
                    continue
                low, high = heights[i - 1], heights[i]
                if high - low > 1e-6:
                    cuts.append([dataset, metric.replace('cityblock', 'manhattan'), method, float((low + high) / 2),
                                 fcluster(z, (low + high) / 2, 'distance').tolist()])

run('COPY scipy_cut FROM STDIN', ''.join('\t'.join(map(field, row)) + '\n' for row in cuts))
run('COPY scipy FROM STDIN', ''.join('\t'.join(map(field, row)) + '\n' for row in out))
