#!/usr/bin/env python3
"""GitHub REST, webhook, App and git checks against any server. Usage: github.py BASE_URL OUT.json
Wants: tokens tok_admin, tok_octo, tok_rev (logins admin, octocat, reviewer); org my-org with all three; repository
my-org/seeded (private, auto_init); App 12345 whose private key is the file named by GITHUB_APP_KEY; the webhook receiver
it starts listens on 127.0.0.1, port WEBHOOK_PORT (4999). Needs: httpx, pyjwt[crypto], PyGithub, git."""
import sys,json,time,uuid,base64,hmac,hashlib,threading,http.server,subprocess,os
import httpx,jwt
B=sys.argv[1]; OUT=sys.argv[2]
class Wrong(Exception): pass
class Http(Exception): pass
def need(c,m):
    if not c: raise Wrong(str(m)[:250])
HOOKS=[]; PORT=int(os.environ.get("WEBHOOK_PORT","4999"))
class Hd(http.server.BaseHTTPRequestHandler):
    def do_POST(s):
        n=int(s.headers.get("content-length") or 0); b=s.rfile.read(n); HOOKS.append((s.path,{k.lower():v for k,v in s.headers.items()},b)); s.send_response(204); s.end_headers()
    def log_message(s,*a): pass
srv=http.server.ThreadingHTTPServer(("127.0.0.1",PORT),Hd); threading.Thread(target=srv.serve_forever,daemon=True).start()
cl=httpx.Client(base_url=B,timeout=15)
def r(m,p,tok="tok_admin",ok=(200,201,202,204),raw=False,hdr={},**k):
    h={"Accept":"application/vnd.github+json",**({"Authorization":"Bearer "+tok} if tok else {}),**hdr}
    x=cl.request(m,p,headers=h,**k)
    if ok and x.status_code not in ok: raise Http(f"{m} {p}: {x.status_code} {x.text[:140]}")
    if raw: return x
    return x.json() if x.content else None
u=lambda p="r":p+"-"+uuid.uuid4().hex[:8]
def repo(**k):
    n=u(); r("POST","/orgs/my-org/repos",json=dict(name=n,auto_init=True,**k)); return f"/repos/my-org/{n}"
def head(R,b="main"): return r("GET",f"{R}/git/ref/heads/{b}")["object"]["sha"]
def put(R,path,txt,br="main",sha=None,tok="tok_admin",ok=(200,201)): return r("PUT",f"{R}/contents/{path}",tok=tok,ok=ok,json=dict(message="m "+path,content=base64.b64encode(txt.encode()).decode(),branch=br,**({"sha":sha} if sha else {})))
def branch(R,b,frm="main"): return r("POST",f"{R}/git/refs",json=dict(ref="refs/heads/"+b,sha=head(R,frm)))
def mkpr(R,b=None,tok="tok_octo"):
    b=b or u("br"); branch(R,b); put(R,u("f")+".txt","hello",b); return r("POST",f"{R}/pulls",tok=tok,json=dict(title="t",head=b,base="main",body="x"))
CH=[]
def check(n):
    def d(f): CH.append((n,f)); return f
    return d
@check("auth.user_and_401")
def _(): need(r("GET","/user")["login"]=="admin","login"); need(r("GET","/user",tok="nope",ok=None,raw=True).status_code==401,"bad token gives "+str(r("GET","/user",tok="nope",ok=None,raw=True).status_code)); 
@check("auth.private_repo_hidden_404")
def _(): need(r("GET","/repos/my-org/seeded",tok=None,ok=None,raw=True).status_code==404,"anonymous sees private repo")
@check("api.etag_304")
def _(): R=repo(); x=r("GET",R,raw=True); e=x.headers.get("etag"); need(e,"no etag"); need(r("GET",R,ok=None,raw=True,hdr={"If-None-Match":e}).status_code==304,"no 304")
@check("api.rate_limit_headers")
def _(): x=r("GET","/user",raw=True); need("x-ratelimit-remaining" in x.headers,"none"); r("GET","/rate_limit"); return x.headers["x-ratelimit-limit"]
@check("api.pagination_link")
def _(): R=repo(); [branch(R,f"b{i}") for i in range(5)]; x=r("GET",f"{R}/branches?per_page=2",raw=True); need(len(x.json())==2 and 'rel="next"' in x.headers.get("link",""),x.headers.get("link"))
@check("repos.list_of_org")
def _(): R=repo(); need(any(y["full_name"] in R for y in r("GET","/orgs/my-org/repos?per_page=100")),"list")
@check("repos.crud")
def _(): R=repo(description="d"); x=r("GET",R); need(x["default_branch"]=="main",x["default_branch"]); r("PATCH",R,json={"description":"e","allow_squash_merge":False}); need(r("GET",R)["description"]=="e","patch"); r("DELETE",R); need(r("GET",R,ok=None,raw=True).status_code==404,"deleted")
@check("refs.create_get_update_delete")
def _(): R=repo(); branch(R,"x"); c=put(R,"a.txt","1")["commit"]["sha"]; r("PATCH",f"{R}/git/refs/heads/x",json={"sha":c}); need(head(R,"x")==c,"ff"); m=r("GET",f"{R}/git/matching-refs/heads/"); need(len(m)==2,len(m)); r("DELETE",f"{R}/git/refs/heads/x"); need(r("GET",f"{R}/git/ref/heads/x",ok=None,raw=True).status_code==404,"del")
@check("refs.non_fast_forward_rejected")
def _(): R=repo(); o=head(R); put(R,"a.txt","1"); need(r("PATCH",f"{R}/git/refs/heads/main",ok=None,raw=True,json={"sha":o}).status_code==422,"non-ff update allowed without force"); r("PATCH",f"{R}/git/refs/heads/main",json={"sha":o,"force":True}); need(head(R)==o,"force")
@check("refs.create_existing_422")
def _(): R=repo(); need(r("POST",f"{R}/git/refs",ok=None,raw=True,json={"ref":"refs/heads/main","sha":head(R)}).status_code==422,"")
@check("gitdata.blob_tree_commit_real_sha1")
def _():
    R=repo(); b=r("POST",f"{R}/git/blobs",json={"content":"hello\n","encoding":"utf-8"})["sha"]; real=hashlib.sha1(b"blob 6\0hello\n").hexdigest(); h=head(R); t=r("POST",f"{R}/git/trees",json={"base_tree":r("GET",f"{R}/git/commits/{h}")["tree"]["sha"],"tree":[{"path":"d/x.txt","mode":"100644","type":"blob","sha":b}]})["sha"]; c=r("POST",f"{R}/git/commits",json={"message":"m","tree":t,"parents":[h]})["sha"]; r("PATCH",f"{R}/git/refs/heads/main",json={"sha":c}); need(base64.b64decode(r("GET",f"{R}/contents/d/x.txt")["content"])==b"hello\n","content"); tr=r("GET",f"{R}/git/trees/{c}?recursive=1"); need(any(e["path"]=="d/x.txt" for e in tr["tree"]),"tree recursive"); need(b==real,f"works, but the blob sha {b} is not git's {real}")
@check("contents.put_update_conflict_delete")
def _():
    R=repo(); s=put(R,"a.txt","1")["content"]["sha"]; need(put(R,"a.txt","2",ok=None) and True,"") if False else None; x=r("PUT",f"{R}/contents/a.txt",ok=None,raw=True,json=dict(message="m",content="Mg==")); need(x.status_code in(409,422),f"update without sha gives {x.status_code}"); x=r("PUT",f"{R}/contents/a.txt",ok=None,raw=True,json=dict(message="m",content="Mg==",sha="0"*40)); need(x.status_code==409,f"stale sha gives {x.status_code}"); put(R,"a.txt","2",sha=s); g=r("GET",f"{R}/contents/a.txt"); need(base64.b64decode(g["content"])==b"2","upd"); r("DELETE",f"{R}/contents/a.txt",json=dict(message="d",sha=g["sha"])); need(r("GET",f"{R}/contents/a.txt",ok=None,raw=True).status_code==404,"del")
@check("contents.dir_listing_and_raw_and_ref")
def _(): R=repo(); put(R,"d/a.txt","1"); put(R,"d/b.txt","2"); need([x["name"] for x in r("GET",f"{R}/contents/d")]==["a.txt","b.txt"],"dir"); x=r("GET",f"{R}/contents/d/a.txt?ref=main",raw=True,hdr={"Accept":"application/vnd.github.raw+json"}); need(x.text=="1",x.text[:60])
@check("commits.list_get_compare")
def _():
    R=repo(); o=head(R); put(R,"a.txt","1"); c=put(R,"b.txt","2")["commit"]["sha"]; need([x["sha"] for x in r("GET",f"{R}/commits")][0]==c,"list"); need(len(r("GET",f"{R}/commits?path=a.txt"))==1,"path filter"); g=r("GET",f"{R}/commits/{c}"); need([f["filename"] for f in g["files"]]==["b.txt"],"files"); cmp=r("GET",f"{R}/compare/{o}...{c}"); need(cmp["ahead_by"]==2 and {f["filename"] for f in cmp["files"]}=={"a.txt","b.txt"},cmp.get("ahead_by"))
@check("archive.tarball_zipball")
def _(): R=repo(); x=r("GET",f"{R}/tarball/main",ok=None,raw=True,follow_redirects=True); need(x.status_code==200 and x.content[:2]==b"\x1f\x8b",f"{x.status_code} {x.content[:60]!r}")
@check("pulls.create_list_get_files_commits")
def _():
    R=repo(); p=mkpr(R); n=p["number"]; need(p["user"]["login"]=="octocat","author"); g=r("GET",f"{R}/pulls/{n}"); need(g["mergeable"] is True or g["mergeable"] is None,f"mergeable {g['mergeable']}"); need(len(r("GET",f"{R}/pulls?state=open&base=main&head=my-org:{p['head']['ref']}"))==1,"filter"); need(p["head"]["sha"]==head(R,p["head"]["ref"]),"head sha"); put(R,"z.txt","z",p["head"]["ref"]); need(r("GET",f"{R}/pulls/{n}")["head"]["sha"]==head(R,p["head"]["ref"]),"PR head not updated after a push to its branch")
@check("pulls.files")
def _(): R=repo(); p=mkpr(R); f=r("GET",f"{R}/pulls/{p['number']}/files"); need(len(f)==1,f"{len(f)} files for a PR that adds one")
@check("pulls.commits")
def _(): R=repo(); p=mkpr(R); f=r("GET",f"{R}/pulls/{p['number']}/commits"); need(len(f)==1,f"{len(f)} commits for a PR with one")
@check("pulls.merge_fast_forwardable_content_right")
def _(): R=repo(); p=mkpr(R); x=r("PUT",f"{R}/pulls/{p['number']}/merge",json={}); need(x["merged"] and head(R)==x["sha"] and len(r("GET",f"{R}/git/commits/{x['sha']}")["parents"])==2,"merge"); need(r("GET",f"{R}/pulls/{p['number']}")["merged"],"pr")
@check("pulls.duplicate_and_nocommits_422")
def _(): R=repo(); p=mkpr(R); a=r("POST",f"{R}/pulls",ok=None,raw=True,json=dict(title="t",head=p["head"]["ref"],base="main")).status_code; branch(R,"same"); b=r("POST",f"{R}/pulls",ok=None,raw=True,json=dict(title="t",head="same",base="main")).status_code; need(a==422 and b==422,f"duplicate {a}, no commits {b}")
def merged(R,meth,extra={}):
    p=mkpr(R); put(R,u("m")+".txt","main moved"); x=r("PUT",f"{R}/pulls/{p['number']}/merge",json=dict(merge_method=meth,**extra)); need(x["merged"],x); return p,x
@check("pulls.merge_commit")
def _(): R=repo(); p,x=merged(R,"merge"); c=r("GET",f"{R}/git/commits/{x['sha']}"); need(head(R)==x["sha"],"main not moved"); need(len(c["parents"])==2,f"{len(c['parents'])} parents"); f=[e["path"] for e in r("GET",f"{R}/git/trees/{x['sha']}?recursive=1")["tree"]]; need(len(f)>=3,"merged tree lacks a side: "+str(f)); g=r("GET",f"{R}/pulls/{p['number']}"); need(g["merged"] and g["state"]=="closed" and g["merge_commit_sha"]==x["sha"],"pr state")
@check("pulls.squash")
def _(): R=repo(); p,x=merged(R,"squash"); c=r("GET",f"{R}/git/commits/{x['sha']}"); need(len(c["parents"])==1,f"{len(c['parents'])} parents"); f=[e["path"] for e in r("GET",f"{R}/git/trees/{x['sha']}?recursive=1")["tree"]]; need(len(f)>=3,"tree lacks a side "+str(f))
@check("pulls.rebase")
def _(): R=repo(); p,x=merged(R,"rebase"); f=[e["path"] for e in r("GET",f"{R}/git/trees/{x['sha']}?recursive=1")["tree"]]; need(len(f)>=3,"tree "+str(f))
@check("pulls.merge_conflict_detected")
def _(): R=repo(); put(R,"c.txt","base"); branch(R,"x"); s=r("GET",f"{R}/contents/c.txt")["sha"]; put(R,"c.txt","left","x",s); put(R,"c.txt","right","main",s); p=r("POST",f"{R}/pulls",json=dict(title="t",head="x",base="main")); g=r("GET",f"{R}/pulls/{p['number']}"); x=r("PUT",f"{R}/pulls/{p['number']}/merge",ok=None,raw=True,json={}); need(x.status_code==405 and g["mergeable"] is False,f"merge gives {x.status_code}, mergeable {g['mergeable']}")
@check("pulls.merge_sha_mismatch_409")
def _(): R=repo(); p=mkpr(R); x=r("PUT",f"{R}/pulls/{p['number']}/merge",ok=None,raw=True,json={"sha":"0"*40}); need(x.status_code==409,x.status_code)
@check("pulls.update_close_draft")
def _(): R=repo(); p=mkpr(R); r("PATCH",f"{R}/pulls/{p['number']}",json={"title":"n","state":"closed"}); g=r("GET",f"{R}/pulls/{p['number']}"); need(g["state"]=="closed" and g["title"]=="n","x"); r("PATCH",f"{R}/pulls/{p['number']}",json={"state":"open"}); branch(R,"d"); put(R,"d.txt","d","d"); need(r("POST",f"{R}/pulls",json=dict(title="t",head="d",base="main",draft=True))["draft"],"draft")
@check("pulls.update_branch")
def _(): R=repo(); p=mkpr(R); put(R,"m.txt","m"); r("PUT",f"{R}/pulls/{p['number']}/update-branch",json={}); need(r("GET",f"{R}/pulls/{p['number']}")["head"]["sha"]!=p["head"]["sha"],"head unchanged")
@check("reviews.approve_request_changes_dismiss")
def _(): R=repo(); p=mkpr(R); n=p["number"]; x=r("POST",f"{R}/pulls/{n}/reviews",tok="tok_rev",json=dict(event="REQUEST_CHANGES",body="no")); need(x["state"]=="CHANGES_REQUESTED",x["state"]); r("PUT",f"{R}/pulls/{n}/reviews/{x['id']}/dismissals",json={"message":"x"}); y=r("POST",f"{R}/pulls/{n}/reviews",tok="tok_rev",json=dict(event="APPROVE")); need(y["state"]=="APPROVED" and y["commit_id"]==p["head"]["sha"],str(y)[:150]); need([z["state"] for z in r("GET",f"{R}/pulls/{n}/reviews")]==["DISMISSED","APPROVED"],"list"); r("POST",f"{R}/pulls/{n}/requested_reviewers",json={"reviewers":["reviewer"]})
@check("reviews.author_cannot_approve_own")
def _(): R=repo(); p=mkpr(R); x=r("POST",f"{R}/pulls/{p['number']}/reviews",tok="tok_octo",ok=None,raw=True,json=dict(event="APPROVE")); need(x.status_code==422,x.status_code)
@check("reviews.inline_comments")
def _(): R=repo(); p=mkpr(R); f=r("GET",f"{R}/pulls/{p['number']}/files")[0]["filename"]; c=r("POST",f"{R}/pulls/{p['number']}/comments",json=dict(body="b",commit_id=p["head"]["sha"],path=f,line=1,side="RIGHT")); need(c["path"]==f,"path"); need(len(r("GET",f"{R}/pulls/{p['number']}/comments"))==1,"list")
@check("comments.issue_crud")
def _(): R=repo(); p=mkpr(R); c=r("POST",f"{R}/issues/{p['number']}/comments",json={"body":"plan"}); r("PATCH",f"{R}/issues/comments/{c['id']}",json={"body":"plan2"}); need([x["body"] for x in r("GET",f"{R}/issues/{p['number']}/comments")]==["plan2"],"list"); r("DELETE",f"{R}/issues/comments/{c['id']}")
@check("labels_on_pr")
def _(): R=repo(); p=mkpr(R); r("POST",f"{R}/labels",json={"name":"promote","color":"ff0000"}); r("POST",f"{R}/issues/{p['number']}/labels",json={"labels":["promote"]}); need(r("GET",f"{R}/pulls/{p['number']}")["labels"][0]["name"]=="promote","label")
@check("statuses.create_combined")
def _(): R=repo(); s=head(R); r("POST",f"{R}/statuses/{s}",json=dict(state="pending",context="ci/a")); r("POST",f"{R}/statuses/{s}",json=dict(state="success",context="ci/a",target_url="http://x")); r("POST",f"{R}/statuses/{s}",json=dict(state="failure",context="ci/b")); c=r("GET",f"{R}/commits/{s}/status"); need(c["state"]=="failure" and c["total_count"]==2,f"{c['state']} {c['total_count']}"); need(len(r("GET",f"{R}/commits/{s}/statuses"))==3,"list")
@check("checks.run_create_update_list_annotations")
def _(): R=repo(); s=head(R); c=r("POST",f"{R}/check-runs",json=dict(name="plan",head_sha=s,status="in_progress",external_id="e",details_url="http://x")); r("PATCH",f"{R}/check-runs/{c['id']}",json=dict(status="completed",conclusion="success",output=dict(title="t",summary="s",annotations=[dict(path="README.md",start_line=1,end_line=1,annotation_level="warning",message="m")]))); l=r("GET",f"{R}/commits/main/check-runs"); need(l["total_count"]==1 and l["check_runs"][0]["conclusion"]=="success",str(l)[:150]); need(len(r("GET",f"{R}/check-runs/{c['id']}/annotations"))==1,"annotations"); need(r("GET",f"{R}/commits/{s}/check-suites")["total_count"]>=1,"suites")
@check("checks.rerequest")
def _(): R=repo(); c=r("POST",f"{R}/check-runs",json=dict(name="plan",head_sha=head(R),status="completed",conclusion="failure")); r("POST",f"{R}/check-runs/{c['id']}/rerequest")
PROT=dict(required_status_checks=dict(strict=True,contexts=["plan"]),enforce_admins=True,required_pull_request_reviews=dict(required_approving_review_count=1,dismiss_stale_reviews=True),restrictions=None)
@check("protection.put_get_delete")
def _(): R=repo(); r("PUT",f"{R}/branches/main/protection",json=PROT); g=r("GET",f"{R}/branches/main/protection"); need(g["required_status_checks"]["contexts"]==["plan"] and g["required_pull_request_reviews"]["required_approving_review_count"]==1,str(g)[:200]); need(r("GET",f"{R}/branches/main")["protected"] is True,"branch.protected"); r("DELETE",f"{R}/branches/main/protection")
@check("protection.merge_blocked_without_review_or_checks")
def _():
    R=repo(); p=mkpr(R); n=p["number"]; r("PUT",f"{R}/branches/main/protection",json=PROT); a=r("PUT",f"{R}/pulls/{n}/merge",ok=None,raw=True,json={}).status_code; need(a==405,f"merge without review and check gives {a}"); r("POST",f"{R}/pulls/{n}/reviews",tok="tok_rev",json=dict(event="APPROVE")); b=r("PUT",f"{R}/pulls/{n}/merge",ok=None,raw=True,json={}).status_code; need(b==405,f"with review, without check gives {b}"); r("POST",f"{R}/statuses/{p['head']['sha']}",json=dict(state="success",context="plan")); c=r("PUT",f"{R}/pulls/{n}/merge",ok=None,raw=True,json={}).status_code; need(c==200,f"with both gives {c}")
@check("protection.direct_push_blocked")
def _(): R=repo(); r("PUT",f"{R}/branches/main/protection",json=PROT); x=r("PUT",f"{R}/contents/z.txt",ok=None,raw=True,json=dict(message="m",content="Mg==",branch="main")); need(x.status_code in(409,403,422),f"direct contents PUT on protected branch gives {x.status_code}")
@check("rulesets")
def _(): R=repo(); x=r("POST",f"{R}/rulesets",json=dict(name="r",target="branch",enforcement="active",conditions={"ref_name":{"include":["~DEFAULT_BRANCH"],"exclude":[]}},rules=[{"type":"pull_request"}])); r("GET",f"{R}/rules/branches/main")
def hooks_for(path,t=2.0,n=1,ev=None):
    e=time.time()+t
    while time.time()<e:
        h=[x for x in HOOKS if x[0]==path and (ev is None or x[1].get("x-github-event")==ev)]
        if len(h)>=n: return h
        time.sleep(.03)
    return [x for x in HOOKS if x[0]==path and (ev is None or x[1].get("x-github-event")==ev)]
def mkhook(R,events,secret="s3cret",act=True):
    p="/"+u("h"); h=r("POST",f"{R}/hooks",json=dict(name="web",active=act,events=events,config=dict(url=f"http://127.0.0.1:{PORT}"+p,content_type="json",secret=secret))); return p,h
def sig_ok(h,sec): return hmac.compare_digest(h[1].get("x-hub-signature-256",""),"sha256="+hmac.new(sec.encode(),h[2],hashlib.sha256).hexdigest())
@check("hooks.repo_hook_signed_delivery_push")
def _():
    R=repo(); p,h=mkhook(R,["push"]); t=time.time(); c=put(R,"a.txt","1")["commit"]["sha"]; x=hooks_for(p,ev="push"); need(x,"no push event after contents PUT; got "+str([z[1].get("x-github-event") for z in HOOKS if z[0]==p])); need(sig_ok(x[0],"s3cret"),"signature "+str(x[0][1].get("x-hub-signature-256"))); j=json.loads(x[0][2]); need(j["after"]==c and j["ref"]=="refs/heads/main",{k:j.get(k) for k in("before","after","ref")}); miss=[k for k in("ref","before","after","repository","pusher","sender","commits","head_commit","created","deleted","forced","compare") if k not in j]; hm=[k for k in("x-github-delivery","x-github-hook-id","x-github-event","user-agent","x-github-hook-installation-target-type") if k not in x[0][1]]; need(not miss and not hm,f"delivered and signed; payload lacks {miss}, headers lack {hm}")
@check("hooks.push_from_ref_update_and_merge")
def _():
    R=repo(); p,h=mkhook(R,["push"]); a=head(R); branch(R,"n"); n1=len(hooks_for(p,1,1,"push")); pr=mkpr(R); HOOKS.clear(); x=r("PUT",f"{R}/pulls/{pr['number']}/merge",json={})
    # The pull request's own push may come only now; the merge's is told by its commit.
    end=time.time()+1.5; pushed=lambda: [json.loads(z[2])["after"] for z in hooks_for(p,.1,1,"push")]
    while x["sha"] not in pushed() and time.time()<end: time.sleep(.03)
    need(x["sha"] in pushed(),f"no push event on merge: {pushed()}"); need(n1>=1,"works for merge; no push/create event on ref creation")
@check("hooks.ping_on_create_and_ping_endpoint")
def _(): R=repo(); p,h=mkhook(R,["push"]); a=len(hooks_for(p,1,1,"ping")); r("POST",f"{R}/hooks/{h['id']}/pings"); b=len(hooks_for(p,1,a+1,"ping")); need(b>a,f"ping endpoint: none; on create {a}"); need(a==1,"ping endpoint works; no ping on hook creation")
@check("hooks.pull_request_opened_synchronize_closed")
def _():
    R=repo(); p,h=mkhook(R,["pull_request"]); pr=mkpr(R); put(R,"s.txt","s",pr["head"]["ref"]); r("POST",f"{R}/issues/{pr['number']}/labels",json={"labels":["l"]}); r("PUT",f"{R}/pulls/{pr['number']}/merge",json={}); time.sleep(.7); ac=[json.loads(x[2])["action"] for x in hooks_for(p,.2,9,"pull_request")]; need({"opened","closed"}<=set(ac),ac); j=[json.loads(x[2]) for x in hooks_for(p,.2,1,"pull_request")][-1]; need(j["pull_request"]["merged"] is True or j["action"]!="closed","merged flag"); miss=[a for a in("synchronize","labeled") if a not in ac]; need(not miss,f"got {ac}; missing {miss}")
@check("hooks.review_comment_check_status_events")
def _():
    R=repo(); p,h=mkhook(R,["*"]); pr=mkpr(R); s=pr["head"]["sha"]; n=pr["number"]; r("POST",f"{R}/pulls/{n}/reviews",tok="tok_rev",json=dict(event="APPROVE")); r("POST",f"{R}/issues/{n}/comments",json={"body":"x"}); c=r("POST",f"{R}/check-runs",json=dict(name="plan",head_sha=s,status="in_progress")); r("PATCH",f"{R}/check-runs/{c['id']}",json=dict(status="completed",conclusion="success")); r("POST",f"{R}/statuses/{s}",ok=None,raw=True,json=dict(state="success",context="x")); time.sleep(.8); ev=sorted({x[1]["x-github-event"] for x in HOOKS if x[0]==p}); miss=[e for e in("pull_request","pull_request_review","issue_comment","check_run","check_suite","status","push","create") if e not in ev]; need(not miss,f"got {ev}; missing {miss}")
@check("hooks.deliveries_list_redeliver")
def _(): R=repo(); p,h=mkhook(R,["push"]); put(R,"a.txt","1"); time.sleep(.4); d=r("GET",f"{R}/hooks/{h['id']}/deliveries"); need(d,"empty"); n=len([x for x in HOOKS if x[0]==p]); x=r("POST",f"{R}/hooks/{h['id']}/deliveries/{d[0]['id']}/attempts",ok=None,raw=True); time.sleep(.4); need(x.status_code in(200,202),f"list works ({list(d[0])[:6]}); redeliver gives {x.status_code}"); need(len([z for z in HOOKS if z[0]==p])>n,"redelivery accepted but not sent")
@check("hooks.retry_or_dead_endpoint")
def _(): R=repo(); h=r("POST",f"{R}/hooks",json=dict(name="web",active=True,events=["push"],config=dict(url="http://127.0.0.1:1/x",content_type="json"))); put(R,"a.txt","1"); time.sleep(.4); d=r("GET",f"{R}/hooks/{h['id']}/deliveries"); return str([(x.get("event"),x.get("status"),x.get("status_code")) for x in d])
PEM=open(os.environ["GITHUB_APP_KEY"]).read()
def J(iss="12345",key=PEM,exp=300): n=int(time.time()); return jwt.encode({"iat":n-30,"exp":n+exp,"iss":iss},key,algorithm="RS256")
@check("app.jwt_get_app_installations")
def _(): a=r("GET","/app",tok=J()); need(a["slug"]=="promo-bot",a); need(r("GET","/app/installations",tok=J())[0]["id"]==100,"inst"); need(r("GET","/repos/my-org/seeded/installation",tok=J())["id"]==100,"repo inst")
@check("app.bad_jwt_rejected")
def _():
    from cryptography.hazmat.primitives.asymmetric import rsa; from cryptography.hazmat.primitives import serialization as s
    k=rsa.generate_private_key(65537,2048).private_bytes(s.Encoding.PEM,s.PrivateFormat.TraditionalOpenSSL,s.NoEncryption()).decode(); a=r("GET","/app",tok=J(key=k),ok=None,raw=True).status_code; b=r("GET","/app",tok=J(exp=-60),ok=None,raw=True).status_code; c=r("GET","/app",tok=J(exp=3600),ok=None,raw=True).status_code; need(a==401 and b==401,f"wrong key {a}, expired {b}"); need(c==401,f"wrong key and expired rejected; exp over 10 minutes gives {c}")
@check("app.installation_token_use_and_scope")
def _():
    x=r("POST","/app/installations/100/access_tokens",tok=J(),json={}); need(x["token"].startswith("ghs_") and x["expires_at"],x); t=x["token"]; R=repo(); need(put(R,"a.txt","1",tok=t)["commit"],"write"); c=r("POST",f"{R}/check-runs",tok=t,json=dict(name="plan",head_sha=head(R),status="in_progress")); need((c.get("app") or {}).get("slug")=="promo-bot",f"check run app = {(c.get('app') or {}).get('slug')}")
@check("app.installation_repositories")
def _(): t=r("POST","/app/installations/100/access_tokens",tok=J(),json={})["token"]; need(r("GET","/installation/repositories",tok=t)["total_count"]>=1,"repos")
@check("app.token_permission_and_repo_narrowing_enforced")
def _():
    R=repo(); R2=repo(); n=R.split("/")[-1]; x=r("POST","/app/installations/100/access_tokens",tok=J(),json={"repositories":[n],"permissions":{"contents":"read","metadata":"read"}}); t=x["token"]; need(x["permissions"].get("contents")=="read",x["permissions"]); a=r("PUT",f"{R}/contents/q.txt",tok=t,ok=None,raw=True,json=dict(message="m",content="Mg==")).status_code; b=r("PUT",f"{R2}/contents/q.txt",tok=t,ok=None,raw=True,json=dict(message="m",content="Mg==")).status_code; need(a==403 and b in(403,404),f"write with contents:read gives {a}; other repo {b}")
@check("app.permission_not_granted_rejected")
def _(): x=r("POST","/app/installations/100/access_tokens",tok=J(),ok=None,raw=True,json={"permissions":{"administration":"write"}}); need(x.status_code==422,x.status_code)
@check("app.webhook_delivery_signed")
def _(): HOOKS.clear(); R=repo(); put(R,"a.txt","1"); x=hooks_for("/apphook",2,1,"push"); need(x,"no push to app webhook: "+str([z[1].get("x-github-event") for z in HOOKS])); need(sig_ok(x[0],"app-secret"),"signature"); need(json.loads(x[0][2]).get("installation",{}).get("id")==100,"installation id")
@check("deployments_environments")
def _(): R=repo(); d=r("POST",f"{R}/deployments",json=dict(ref="main",environment="prod",auto_merge=False,required_contexts=[])); r("POST",f"{R}/deployments/{d['id']}/statuses",json={"state":"success"}); r("PUT",f"{R}/environments/prod",json={})
@check("actions.workflow_runs_dispatch")
def _(): R=repo(); put(R,".github/workflows/ci.yml","name: ci\non: workflow_dispatch\n"); x=r("GET",f"{R}/actions/workflows"); need(x["total_count"]>=1,"workflow file not detected"); r("POST",f"{R}/actions/workflows/{x['workflows'][0]['id']}/dispatches",json={"ref":"main"}); need(r("GET",f"{R}/actions/runs")["total_count"]>=1,"no run")
@check("repository_dispatch")
def _(): R=repo(); r("POST",f"{R}/dispatches",json={"event_type":"x"})
@check("collaborators_teams_codeowners")
def _(): R=repo(); r("PUT",f"{R}/collaborators/reviewer",json={"permission":"push"}); r("GET",f"{R}/collaborators"); t=r("POST","/orgs/my-org/teams",json={"name":u("team")}); r("PUT",f"/orgs/my-org/teams/{t['slug']}/memberships/reviewer",json={"role":"member"}); r("GET",f"/orgs/my-org/teams/{t['slug']}/members")
@check("tags_releases")
def _(): R=repo(); t=r("POST",f"{R}/git/tags",json=dict(tag="v1",message="m",object=head(R),type="commit")); r("POST",f"{R}/git/refs",json=dict(ref="refs/tags/v1",sha=t["sha"])); need(r("GET",f"{R}/tags")[0]["name"]=="v1","tags"); x=r("POST",f"{R}/releases",json=dict(tag_name="v1")); r("GET",f"{R}/releases/tags/v1")
@check("graphql")
def _(): x=r("POST","/graphql",json={"query":"{ viewer { login } }"}); need(x.get("data",{}).get("viewer",{}).get("login"),x)
@check("search_issues_prs")
def _(): R=repo(); p=mkpr(R); x=r("GET",f"/search/issues?q=is:pr+repo:{R[7:]}+is:open"); need(x["total_count"]==1,x["total_count"])
@check("commits.pulls_for_commit")
def _(): R=repo(); p=mkpr(R); x=r("GET",f"{R}/commits/{p['head']['sha']}/pulls"); need([y["number"] for y in x]==[p["number"]],x)
@check("git.smart_http_info_refs")
def _(): R=repo(); x=r("GET",R[6:]+".git/info/refs?service=git-upload-pack",ok=None,raw=True); need(x.status_code==200 and "git-upload-pack" in x.text,f"{x.status_code} {x.text[:80]}")
@check("git.clone_push")
def _(): R=repo(); o=subprocess.run(["git","-c","http.extraHeader=Authorization: Bearer tok_admin","clone",B+R[6:]+".git",os.path.join(__import__("tempfile").mkdtemp(),"clone")],capture_output=True,text=True,timeout=30,env={**os.environ,"GIT_TERMINAL_PROMPT":"0"}); need(o.returncode==0,o.stderr[-150:])
@check("ghes_api_v3_prefix")
def _(): r("GET","/api/v3/user")
@check("pygithub_client")
def _():
    from github import Github,Auth
    g=Github(auth=Auth.Token("tok_admin"),base_url=B.replace("127.0.0.1","localhost")); n=u(); rp=g.get_organization("my-org").create_repo(n,auto_init=True); rp.create_file("a.txt","m","x"); need(rp.get_contents("a.txt").decoded_content==b"x","content"); rp.create_git_ref("refs/heads/b",rp.get_branch("main").commit.sha); rp.create_file("b.txt","m","y",branch="b"); p=rp.create_pull(title="t",body="b",head="b",base="main"); p.create_issue_comment("hi"); p.merge(); need(rp.get_pull(p.number).merged,"merged")
@check("concurrency.parallel_contents_puts")
def _():
    import concurrent.futures as cf
    R=repo(); 
    def w(i): return r("PUT",f"{R}/contents/p{i}.txt",ok=None,raw=True,json=dict(message="m",content="Mg==",branch="main")).status_code
    with cf.ThreadPoolExecutor(8) as ex: st=list(ex.map(w,range(16)))
    f=[e["path"] for e in r("GET",f"{R}/git/trees/main?recursive=1")["tree"] if e["path"].startswith("p")]; ok=sum(s in(200,201) for s in st); need(ok==len(f),f"{ok} accepted but {len(f)} files"); return f"{ok} of 16 accepted (others 409)"
res={}
for n,f in CH:
    t=time.time()
    try: d=f(); st="works"
    except Wrong as e: d=str(e); st="WRONG"
    except Http as e: d=str(e); st="MISSING" if ": 404" in d or ": 501" in d else "ERROR"
    except Exception as e: d=f"{type(e).__name__}: {str(e)[:200]}"; st="ERROR"
    res[n]={"status":st,"detail":d,"s":round(time.time()-t,2)}; print(f"{st:8} {n:52} {res[n]['s']:5.2f}s {'' if d is None else str(d)[:200]}",flush=True)
json.dump(res,open(OUT,"w"),indent=1)
from collections import Counter; print(Counter(v["status"] for v in res.values()))
