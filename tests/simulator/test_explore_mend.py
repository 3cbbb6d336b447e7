import pytest
from mending import trouble
from planted_failures import all_causes

CAUSES = {cause.name: cause for cause in all_causes()}


@pytest.mark.parametrize("name", list(CAUSES))
def test_x(name, tmp_path, monkeypatch):
    import time

    t = time.time()
    extra = {}
    if name.startswith("demoted"):
        extra = {
            "move": {
                "waves": [{"name": "one", "start": "2026-11-01"}],
                "disabled_archives": {"bert@contoso.com": "enable" if "enabled" in name else "remove"},
            }
        }
    with trouble(tmp_path, CAUSES[name], monkeypatch, **extra) as a:
        print("\n=====", name, a.status("bert"))
        views = a.run("170", mode="plan")
        for v in views.values():
            if v.state not in ("no change", "looked"):
                print(v.step.id, v.state, v.note[:200], v.missing, [c.title for c in v.changes])
        for e in views["170.1"].exhibits:
            for r in e.rows:
                print("  ROW", r)
        for f in views["170.1"].findings:
            if f.verdict.kind not in ("pass",):
                print("  F", f.rule, f.verdict.kind, f.subject, f.remedy_step)
        try:
            print("  MEND", a.mend())
        except Exception as e:
            print("  EXC", type(e), str(e)[:600])
        print("  END", a.status("bert"), round(time.time() - t, 1))
