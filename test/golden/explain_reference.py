"""TAP: predict_detail's reasons of boosted trees against XGBoost's pred_contribs (Lundberg's algorithm 2) on trees of the same structure.

    python3 explain_reference.py MODEL...      models in the database that psql connects to, trained on the view telco_gaps

The stored model is read here byte by byte, its trees become a model of XGBoost in JSON, thresholds the next larger single
precision number (XGBoost goes left below it), sets of levels those of the other side.  XGBoost counts in single precision.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import xgboost as xgb
except ImportError as problem:
    for name in sys.argv[1:]:
        print('ok - %s # SKIP no %s' % (name, problem.name))
    sys.exit(0)


def query(text):
    out = subprocess.run(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', text], check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout
    return [line for line in out.split('\n') if line]


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def get(self, form):
        value = struct.unpack_from('<' + form, self.data, self.at)[0]
        self.at += struct.calcsize('<' + form)
        return value


def section(data, wanted):
    at = data.index(b'USEG') + 8
    while True:
        kind, length = struct.unpack_from('<IQ', data, at)
        if kind == wanted:
            return data[at + 12:at + 12 + length]
        at += 12 + length


def read_model(data):
    r = Reader(section(data, 3))
    kind, labels, objective, parameter, form = r.get('B'), r.get('I'), r.get('B'), r.get('d'), r.get('B')
    assert kind == 1 and form == 2
    columns = []
    for c in range(r.get('I')):
        native, bins = r.get('B'), r.get('B')
        columns.append((native, bins, [r.get('d') for b in range(0 if native else bins - 1)]))
    classes, scores, n_trees = r.get('I'), r.get('I'), r.get('I')
    assert classes == 0
    sizes = [r.get('I') for t in range(n_trees)]
    n_sets, places = r.get('I'), r.get('I')
    trees = []
    for size in sizes:
        tree = []
        for i in range(size):
            left, cover = r.get('i'), r.get('f')
            if left == 0:
                tree.append(dict(left=0, cover=cover, value=r.get('d')))
                continue
            node = dict(left=left, cover=cover, column=r.get('H'), bin=r.get('B'), flags=r.get('B'), gain=r.get('f'))
            if node['flags'] & 2:
                node['set'] = r.get('I')
            tree.append(node)
        trees.append(tree)
    sets = [sum(r.get('Q') << (64 * word) for word in range(4)) for i in range(n_sets)]
    assert r.get('B') == 0  # no targets in leaves
    return columns, scores, trees, sets, [r.get('d') for k in range(scores)]


def boosters_tree(tree, columns, sets, number):
    n = len(tree)
    out = dict(base_weights=[0.0] * n, categories=[], categories_nodes=[], categories_segments=[], categories_sizes=[], default_left=[0] * n, id=number,
               left_children=[-1] * n, right_children=[-1] * n, parents=[2147483647] * n, loss_changes=[0.0] * n, split_conditions=[0.0] * n, split_indices=[0] * n,
               split_type=[0] * n, sum_hessian=[float(node['cover']) for node in tree],
               tree_param=dict(num_deleted='0', num_feature=str(len(columns)), num_nodes=str(n), size_leaf_vector='0'))
    for i, node in enumerate(tree):
        if node['left'] == 0:
            out['split_conditions'][i] = out['base_weights'][i] = float(np.float32(node['value']))
            continue
        out['left_children'][i], out['right_children'][i] = node['left'], node['left'] + 1
        out['parents'][node['left']] = out['parents'][node['left'] + 1] = i
        out['split_indices'][i] = node['column']
        out['default_left'][i] = node['flags'] & 1
        native, bins, threshold = columns[node['column']]
        if native:
            right = [b for b in range(bins) if not (sets[node['set']] >> b) & 1]
            out['split_type'][i] = 1
            out['categories_nodes'].append(i)
            out['categories_segments'].append(len(out['categories']))
            out['categories_sizes'].append(len(right))
            out['categories'] += right
        else:
            # the last bin: all values to the left, missing ones to the right
            limit = threshold[node['bin']] if node['bin'] < len(threshold) else np.finfo(np.float32).max / 2
            out['split_conditions'][i] = float(np.nextafter(np.float32(limit), np.float32(np.inf)))
    return out


def booster(columns, scores, trees, sets):
    types = ['c' if c[0] else 'float' for c in columns]
    seed = xgb.DMatrix(np.zeros((4, len(columns))), label=[0, 1, 0, 1] if scores == 1 else [0, 1, 2, 0], feature_types=types, enable_categorical=True)
    params = dict(base_score=0.5, max_depth=1, tree_method='hist', objective='reg:squarederror')
    if scores > 1:
        params.update(objective='multi:softprob', num_class=scores)
    b = xgb.train(params, seed, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'model.json')
        b.save_model(path)
        with open(path) as f:
            model = json.load(f)
        inner = model['learner']['gradient_booster']['model']
        inner['trees'] = [boosters_tree(tree, columns, sets, t) for t, tree in enumerate(trees)]
        inner['tree_info'] = [t % scores for t in range(len(trees))]
        inner['gbtree_model_param']['num_trees'] = str(len(trees))
        with open(path, 'w') as f:
            json.dump(model, f)
        b.load_model(path)
    return b, types


for name in sys.argv[1:]:
    columns, scores, trees, sets, base = read_model(bytes.fromhex(query("SELECT ((userseg.artifact('%s')).value)::text" % name)[0]))
    names = query("SELECT unnest(encoded) FROM userseg.feature_info('%s') WHERE used" % name)
    rows = [json.loads(line) for line in query(
        "SELECT jsonb_build_object('x', userseg.transform('%s', t), 'r', p.reasons, 'label', p.label_id) FROM telco_gaps t, LATERAL userseg.predict_detail('%s', t) p WHERE row_no %% 3 = 0" % (name, name))]
    x = np.array([[np.nan if r['x'][c] is None else r['x'][c] for c in names] for r in rows], dtype=np.float64)
    ours = np.zeros((len(rows), len(names) + 1))
    for i, r in enumerate(rows):
        for reason in r['r']:
            ours[i, len(names) if reason['feature'] == '(base)' else names.index(reason['feature'])] = reason['contribution']
    b, types = booster(columns, scores, trees, sets)
    theirs = b.predict(xgb.DMatrix(x, feature_types=types, enable_categorical=True), pred_contribs=True).astype(np.float64)
    label = np.array([r['label'] or 2 for r in rows])
    if scores == 1:
        theirs[:, -1] += base[0] - 0.5
        theirs *= np.where(label == 1, -1, 1)[:, None]
    else:
        theirs[:, :, -1] += np.array(base) - 0.5
        theirs = theirs[np.arange(len(rows)), label - 1] - theirs.mean(axis=1)
    far = np.abs(ours - theirs).max()
    print('%s - %s: %d trees, %d rows, %d columns (%d of levels, %.0f %% missing): XGBoost\'s contributions within %.1e of sizes up to %.2f' % (
        'ok' if len(rows) > 2000 and far < 2e-5 * np.abs(theirs).max() else 'not ok', name, len(trees), len(rows), len(names), sum(c[0] for c in columns), np.isnan(x).mean() * 100, far, np.abs(theirs).max()))
