"""Prints what test/golden/glm.sql compares with: generalised linear models and linear regressions of bank clients, shop sessions and
wholesale customers by statsmodels, with weights, offsets, categories and missing values (replaced by the weighted
median).

    python3 glm_reference.py FOLDER      FOLDER has data/*.csv.gz

The rows, as the views of glm.sql have them: in file order, row_no from 1.
"""
import sys

import numpy as np
import pandas as pd
import statsmodels.api as sm


def read(name):
    d = pd.read_csv(f'{sys.argv[1]}/data/{name}.csv.gz')
    d.columns = [c.lower() for c in d.columns]
    d['row_no'] = np.arange(1, len(d) + 1)
    return d


def design(d, numbers, categories, weight):
    x = pd.DataFrame({'(intercept)': np.ones(len(d))})
    for c in numbers:
        v = d[c].astype(float)
        known = v.notna()
        x[c] = v.fillna(np.median(np.repeat(v[known], weight[known])))
    for c in categories:
        for level in sorted(d[c].unique())[1:]:
            x[f'{c}={level}'] = (d[c] == level).astype(float)
    return x


def tell(name, fit, figures):
    for t in fit.params.index:
        print(f"  ('{name}', '{t}', {float(fit.params[t])!r}, {float(fit.bse[t])!r}),")
    for t, v in figures.items():
        print(f"  ('{name}', '.{t}', {float(v)!r}, NULL),")


bank = read('bank_marketing')
bank['balance'] = bank.balance.where(bank.row_no % 10 != 0)
w = 1 + bank.row_no % 3
x = design(bank, ['age', 'balance'], ['contact', 'marital'], w)
f = sm.GLM(bank.campaign, x, family=sm.families.Poisson(), offset=np.log(1 + bank.duration), freq_weights=w).fit(tol=1e-14, maxiter=200)
tell('poisson', f, {'deviance': f.deviance, 'pearson': f.pearson_chi2, 'log_likelihood': f.llf})
some = bank[bank.duration > 0].reset_index(drop=True)
w = 1 + some.row_no % 3
x = design(some, ['age', 'balance'], ['contact', 'marital'], w)
f = sm.GLM(some.duration, x, family=sm.families.Gamma(sm.families.links.log()), var_weights=w).fit(tol=1e-14, maxiter=300)
tell('gamma', f, {'deviance': f.deviance, 'pearson': f.pearson_chi2})

shop = read('online_shoppers')
shop['bounce_rates'] = shop.bounce_rates.where(shop.row_no % 7 != 0)
w = 1 + shop.row_no % 4
x = design(shop, ['product_related', 'bounce_rates', 'exit_rates'], ['month', 'visitor_type'], w)
f = sm.GLM(shop.revenue.astype(float), x, family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-14, maxiter=200)
tell('logistic', f, {'deviance': f.deviance, 'log_likelihood': f.llf})
x = design(shop, ['product_related', 'bounce_rates', 'exit_rates'], ['month', 'visitor_type'], 1 + 0 * w)
f = sm.GLM(shop.administrative_duration, x, family=sm.families.Tweedie(sm.families.links.log(), var_power=1.5), offset=shop.special_day.astype(float)).fit(tol=1e-14, maxiter=300)
tell('tweedie', f, {'deviance': f.deviance, 'pearson': f.pearson_chi2})

whole = read('wholesale_customers')
whole['y'] = np.log(whole.grocery)
whole['milk'] = whole.milk.where(whole.row_no % 9 != 0)
whole['area'] = 'r' + whole.region.astype(str)
w = 1 + whole.row_no % 3
x = design(whole, ['fresh', 'milk', 'frozen', 'delicassen'], ['area'], w)
for cov in ['nonrobust', 'HC0', 'HC1', 'HC2', 'HC3']:
    f = sm.WLS(whole.y, x, weights=w).fit(cov_type=cov)
    tell('wls ' + cov, f, {'r2': f.rsquared, 'adjusted_r2': f.rsquared_adj, 'log_likelihood': f.llf, 'aic': f.aic, 'bic': f.bic} if cov == 'nonrobust' else {})
