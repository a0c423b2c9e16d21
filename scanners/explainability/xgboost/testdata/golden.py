# SPDX-License-Identifier: Apache-2.0
"""Writes the golden models here, with what XGBoost says of them: python golden.py DIR (xgboost 3.2.0, numpy 2.4.6)."""
import json, sys, numpy as np, xgboost as xgb, pathlib
out=pathlib.Path(sys.argv[1]); out.mkdir(parents=True,exist_ok=True)
rng=np.random.default_rng(3)
def case(name,params,trees,y,x,cat=None):
    ft=['c' if cat and i in cat else 'q' for i in range(x.shape[1])]
    names=[f'f{i}' for i in range(x.shape[1])]
    D=lambda z,**k: xgb.DMatrix(z,feature_names=names,feature_types=ft,enable_categorical=bool(cat),**k)
    p=dict(nthread=1,seed=1,max_depth=3,eta=.4,tree_method='hist');p.update(params)
    m=xgb.train(p,D(x,label=y),trees); m.save_model(out/f'{name}.json')
    z=x[:12].copy()
    phi=m.predict(D(z),pred_contribs=True); mar=m.predict(D(z),output_margin=True)
    phi=phi.reshape(len(z),-1,x.shape[1]+1); mar=np.asarray(mar).reshape(len(z),-1)
    json.dump(dict(rows=[[None if np.isnan(v) else float(v) for v in r] for r in z],margin=mar.astype(float).tolist(),phi=phi.astype(float).tolist()),open(out/f'{name}.golden.json','w'))
x=rng.normal(size=(200,5)).astype(np.float32); x[rng.random(x.shape)<.1]=np.nan
h=np.nan_to_num(x); yb=(h[:,0]+h[:,1]*h[:,2]+rng.normal(size=200)*.3>0).astype(int)
case('logistic',{'objective':'binary:logistic'},6,yb,x)
case('logitraw',{'objective':'binary:logitraw'},4,yb,x)
case('hinge',{'objective':'binary:hinge'},4,yb,x)
case('regression',{'objective':'reg:squarederror','max_depth':4},5,h[:,0]*2+h[:,3],x)
case('absolute',{'objective':'reg:absoluteerror'},4,h[:,0]*2+h[:,3],x)
case('poisson',{'objective':'count:poisson'},5,rng.poisson(np.exp(h[:,0]*.5)),x)
case('gamma',{'objective':'reg:gamma'},5,np.exp(h[:,0]*.5)+.1,x)
case('tweedie',{'objective':'reg:tweedie'},5,rng.poisson(np.exp(h[:,0]*.5)),x)
case('multiclass',{'objective':'multi:softprob','num_class':3},4,np.digitize(h[:,0]+h[:,4],[-.5,.5]),x)
case('dart',{'objective':'binary:logistic','booster':'dart','rate_drop':.4,'skip_drop':.1},10,yb,x)
case('forest',{'objective':'binary:logistic','num_parallel_tree':3,'subsample':.6,'eta':1},2,yb,x)
xc=x.copy(); xc[:,1]=rng.integers(0,12,200); xc[:,3]=rng.integers(0,3,200)
yc=((xc[:,1]%3==0)^(xc[:,3]==1)).astype(int)
case('categorical',{'objective':'binary:logistic','max_cat_to_onehot':4},5,yc,xc,cat=[1,3])
