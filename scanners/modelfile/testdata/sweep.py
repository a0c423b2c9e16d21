# SPDX-License-Identifier: Apache-2.0
"""Writes some hundred benign pickles: every estimator of scikit-learn in three
ways, and whatever else numpy, pandas, scipy, xgboost and lightgbm pickle.

Usage: python sweep.py OUT
"""
import sys
import warnings; warnings.filterwarnings("ignore")
import pickle, os, numpy as np, pandas as pd, joblib, cloudpickle
O=sys.argv[1]; os.makedirs(O,exist_ok=True)
from sklearn.utils import all_estimators
rng=np.random.default_rng(0); X=np.abs(rng.normal(size=(40,4)))+.1; y=(X[:,0]>X[:,1]).astype(int)
n=0
for name,C in all_estimators():
    try:
        try: e=C()
        except TypeError:
            continue
        try: e.fit(X,y)
        except Exception:
            try: e.fit(X)
            except Exception: pass
        for p in (2,5):
            with open(f'{O}/sk-{name}-p{p}.pkl','wb') as f: pickle.dump(e,f,protocol=p)
        joblib.dump(e,f'{O}/sk-{name}.joblib'); n+=1
    except Exception as ex: print(name,type(ex))
print(n)
def d(name,o):
    for p in (2,4,5):
        try: pickle.dump(o,open(f'{O}/{name}-p{p}.pkl','wb'),protocol=p)
        except Exception as ex: print(name,ex)
import datetime, zoneinfo, decimal, fractions, uuid, pathlib, enum, collections, re, types, random
d('dt',[datetime.datetime.now(datetime.timezone.utc), datetime.date.today(), datetime.timedelta(1), decimal.Decimal('1'), fractions.Fraction(1,3), uuid.uuid4(), pathlib.PurePosixPath('a/b'), pathlib.Path('x'), re.compile('a+'), types.SimpleNamespace(a=1), range(3), collections.deque([1]), b'abc', bytearray(b'x'), frozenset([1]), complex(1,2), slice(1,2), ..., NotImplemented])
d('zi',zoneinfo.ZoneInfo('UTC'))
d('rnd',random.Random(3))
d('np',[np.arange(5), np.array(['a','b']), np.array([1,'a',None],dtype=object), np.datetime64('2026-01-01'), np.float32(1), np.ma.array([1,2],mask=[0,1]), np.matrix([[1]]), np.zeros(2,dtype=[('a','f4'),('b','O')]), np.recarray(2,dtype=[('a','f4')]), np.random.default_rng(1), np.random.RandomState(1), np.add, np.sin, np.dtype('f4'), np.bool_(True), np.random.MT19937(3), np.poly1d([1,2])])
d('pd',[pd.DataFrame({'a':[1,2],'b':['x',None]}), pd.Timestamp('2026-01-01',tz='UTC'), pd.Timedelta(1), pd.Period('2026'), pd.Interval(0,1), pd.NaT, pd.NA, pd.Series([1,None],dtype='Int64'), pd.Categorical(['a']), pd.MultiIndex.from_product([[1],[2]]), pd.date_range('2026',periods=3), pd.period_range('2026',periods=2), pd.interval_range(0,2), pd.DataFrame({'a':pd.arrays.SparseArray([0,1])}), pd.offsets.Day(2), pd.tseries.offsets.MonthEnd(), pd.Series(['a'],dtype='string'), pd.timedelta_range('1D',periods=2), pd.Series([True,None],dtype='boolean')])
from scipy import sparse, stats, interpolate, spatial
d('sp',[sparse.csr_matrix(X), sparse.csc_array(X), sparse.coo_matrix(X), sparse.lil_matrix(X), sparse.dok_matrix(X), stats.norm(0,1), stats.uniform(0,1), stats.randint(1,5), stats.gaussian_kde(X[:,0]), interpolate.interp1d([1,2],[3,4]), interpolate.CubicSpline([1,2,3],[3,4,5]), spatial.cKDTree(X), spatial.KDTree(X)])
import xgboost as xgb, lightgbm as lgb
for C in (xgb.XGBClassifier,xgb.XGBRegressor,xgb.XGBRFClassifier): d(C.__name__,C(n_estimators=2).fit(X,y))
d('xgbooster',xgb.train({},xgb.DMatrix(X,y),2)); d('lgbooster',lgb.train({'verbose':-1},lgb.Dataset(X,y),2)); d('lgbreg',lgb.LGBMRegressor(n_estimators=2,verbose=-1).fit(X,y))
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, KFold
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import *
d('grid',GridSearchCV(LogisticRegression(),{'C':[1,2]},cv=2,scoring='roc_auc').fit(X,y))
d('rand',RandomizedSearchCV(LogisticRegression(),{'C':stats.uniform(1,2)},n_iter=2,cv=KFold(2)).fit(X,y))
d('cal',CalibratedClassifierCV(LogisticRegression()).fit(X,y))
d('vote',VotingClassifier([('a',LogisticRegression()),('b',RandomForestClassifier(3))]).fit(X,y))
open(f'{O}/cloud-est.pkl','wb').write(cloudpickle.dumps(LogisticRegression().fit(X,y)))
import skops.io as sio
sio.dump(LogisticRegression().fit(X,y),f'{O}/lr.skops')
big=RandomForestClassifier(100).fit(rng.normal(size=(2000,20)),rng.integers(0,2,2000)); joblib.dump(big,f'{O}/big.joblib'); joblib.dump(big,f'{O}/big.joblib.z',compress=3); pickle.dump(big,open(f'{O}/big.pkl','wb'))
