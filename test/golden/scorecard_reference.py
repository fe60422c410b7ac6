"""Prints what test/golden/scorecard.sql compares with: weights of evidence and information values of the categories of the Telco
customers, by pandas.

    python3 scorecard_reference.py FOLDER      FOLDER has data/*.csv.gz

woe = ln(share of goods / share of bads), bad: churn = Yes; if a cell is 0, 0.5 is added to every cell of the variable.  In the order of
the shares of bads; of all customers, and of the first 60.
"""
import sys

import numpy as np
import pandas as pd

d = pd.read_csv(sys.argv[1] + '/data/telco_churn.csv.gz')
d.columns = [c.lower() for c in d.columns]
rows = []
for c in ['gender', 'partner', 'internet_service', 'contract', 'payment_method', 'tech_support', 'multiple_lines']:
    for subset, s in (('', d), (' of a few', d[d.index < 60])):
        bad = s.churn == 'Yes'
        t = pd.DataFrame({'good': (~bad).groupby(s[c]).sum(), 'bad': bad.groupby(s[c]).sum()})
        rate = t.bad / (t.good + t.bad)
        if rate.nunique() < len(rate):
            continue  # equal shares are one bin
        if (t == 0).any().any():
            t = t + 0.5
        g, b = t.good / t.good.sum(), t.bad / t.bad.sum()
        w = np.log(g / b)
        rows.append(f"  ('{c}', {'true' if subset else 'false'}, {((g - b) * w).sum()!r}, '{{{','.join(repr(float(x)) for x in w[rate.sort_values().index])}}}')")
print(',\n'.join(rows) + ';')
