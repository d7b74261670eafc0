"""The cases that R and Røyst both compute: designs and what is asked, written once; ``survey.R`` reads them as JSON.

``data`` is a file beside this one, or the name of a data set of R's survey package, exported at test time and never kept.
"""

from __future__ import annotations

import json
import sys

OWN = {
    "means": ["q1", "hours", "income"],
    "totals": ["income", "hours"],
    "ratios": [["hours", "income"]],
    "shares": ["satisfied", "rare", "q1"],
    "quantiles": [["income", 0.5], ["income", 0.25], ["hours", 0.9]],
}

SYNTHETIC = {
    "srs": {"design": {}, "deff": "replace", "by": ["sex"]},
    "srs weights": {"design": {"weight": "weight"}, "by": ["sex"]},
    "strata of rows": {"design": {"strata": ["region"], "weight": "weight"}, "by": ["sex"]},
    "clusters": {"design": {"psu": ["unit"], "weight": "weight"}, "by": ["size"]},
    "stratified clusters": {"design": {"strata": ["region"], "psu": ["unit"], "weight": "weight"}, "by": ["sex", "size"]},
    "nested ids": {
        "design": {"strata": ["region"], "psu": ["local"], "weight": "weight", "nest": True},
        "by": ["sex"],
    },
    "clusters with fpc": {
        "design": {"strata": ["region"], "psu": ["unit"], "weight": "weight", "fpc": ["units_there"]},
        "by": ["sex"],
    },
    "two stages with fpc": {
        "design": {"strata": ["region"], "psu": ["unit", "person"], "fpc": ["units_there", "users_there"]},
        "by": ["sex"],
    },
    "two stages, own weights": {
        "design": {
            "strata": ["region"],
            "psu": ["unit", "person"],
            "fpc": ["units_there", "users_there"],
            "weight": "weight",
        },
        "by": ["size"],
    },
    "brewer": {
        "design": {"psu": ["unit"], "fpc": ["p_unit"], "pps": "brewer", "weight": "weight"},
        "by": ["sex"],
        "deff": "none",
    },
    "lonely adjust": {"design": {"strata": ["district"], "psu": ["unit"], "weight": "weight", "singleton": "adjust"}, "by": ["sex"]},
    "lonely average": {"design": {"strata": ["district"], "psu": ["unit"], "weight": "weight", "singleton": "average"}, "by": ["sex"]},
    "lonely certainty": {"design": {"strata": ["district"], "psu": ["unit"], "weight": "weight", "singleton": "certainty"}, "by": ["sex"]},
}  # fmt: skip

API = {"means": ["api00", "api99"], "totals": ["enroll"], "ratios": [["api.stu", "enroll"]],
       "shares": ["sch.wide", "awards", "comp.imp"], "quantiles": [["api00", 0.5], ["api00", 0.25], ["api00", 0.9]]}  # fmt: skip

FROM_R = {
    "apisrs": {"data": "apisrs", "design": {"weight": "pw", "fpc": ["fpc"]}, "by": ["stype"], **API},
    "apistrat": {"data": "apistrat", "design": {"strata": ["stype"], "weight": "pw", "fpc": ["fpc"]}, "by": ["stype"], **API},
    "apistrat without fpc": {"data": "apistrat", "design": {"strata": ["stype"], "weight": "pw"}, "by": ["awards"], **API},
    "apiclus1": {"data": "apiclus1", "design": {"psu": ["dnum"], "weight": "pw", "fpc": ["fpc"]}, "by": ["stype"], **API},
    "apiclus2": {"data": "apiclus2", "design": {"psu": ["dnum", "snum"], "fpc": ["fpc1", "fpc2"]}, "by": ["stype"], **API},
    "apiclus2 weights": {"data": "apiclus2", "design": {"psu": ["dnum"], "weight": "pw"}, "by": ["stype"], **API},
    "nhanes": {"data": "nhanes", "design": {"strata": ["SDMVSTRA"], "psu": ["SDMVPSU"], "weight": "WTMEC2YR", "nest": True},
               "by": ["race", "RIAGENDR"], "means": ["HI_CHOL"], "shares": ["HI_CHOL", "agecat"]},
    "scd": {"data": "scd", "design": {"strata": ["ESA"], "psu": ["ambulance"], "nest": True, "weight": "w"}, "by": [],
            "means": ["alive"], "ratios": [["alive", "arrests"]], "totals": ["alive"]},
    "mu284": {"data": "mu284", "design": {"psu": ["id1", "id2"], "fpc": ["n1", "n2"]}, "by": [], "means": ["y1"], "totals": ["y1"]},
    "election brewer": {"data": "election_pps", "design": {"fpc": ["p"], "pps": "brewer"}, "by": [], "deff": "none",
                        "totals": ["Bush", "Kerry", "Nader"], "ratios": [["Bush", "Kerry"]]},
    "fpc one stage": {"data": "fpc", "design": {"strata": ["stratid"], "psu": ["psuid"], "weight": "weight", "nest": True, "fpc": ["Nh"]},
                      "by": [], "means": ["x"], "totals": ["x"]},
    "hospital": {"data": "hospital", "design": {"strata": ["oblevel"], "psu": ["hospno"], "fpc": ["tothosp"], "weight": "weighta"},
                 "by": [], "means": ["births"], "totals": ["births"]},
    "yrbs": {"data": "yrbs", "design": {"strata": ["stratum"], "psu": ["psu"], "weight": "weight", "nest": True},
             "by": [], "deff": "replace", "shares": ["qn8"]},
    "nhanes crossed": {"data": "nhanes", "design": {"strata": ["SDMVSTRA"], "psu": ["SDMVPSU"], "weight": "WTMEC2YR", "nest": True},
                       "by": [["race", "RIAGENDR", "agecat"]], "means": ["HI_CHOL"], "totals": ["HI_CHOL"], "shares": ["HI_CHOL"]},
    "apiclus2 fpc of the first stage": {"data": "apiclus2", "design": {"psu": ["dnum"], "fpc": ["fpc1"], "weight": "pw"},
                                        "by": [["stype", "awards"]], **API},
    "mu284 one stage": {"data": "mu284", "design": {"psu": ["id1"], "fpc": ["n1"]}, "by": ["id2"], "means": ["y1"], "totals": ["y1"]},
    "fpc of rows": {"data": "fpc", "design": {"strata": ["stratid"], "weight": "weight", "fpc": ["Nh"]}, "by": ["psuid"],
                    "means": ["x"], "totals": ["x"], "quantiles": [["x", 0.5]]},
    "election with replacement": {"data": "election_pps", "design": {"probs": ["p"]}, "by": [], "totals": ["Bush", "Nader"],
                                  "ratios": [["Kerry", "votes"]], "quantiles": [["votes", 0.5]]},
}  # fmt: skip
for rule in ("adjust", "average", "certainty", "remove"):  # counties as strata: many have one school, or one district
    LONELY = {"by": ["stype", ["stype", "sch.wide"]], **API}
    FROM_R[f"apistrat lonely {rule}"] = {"data": "apistrat", "design": {"strata": ["cnum"], "weight": "pw", "singleton": rule}, **LONELY}
    FROM_R[f"apiclus1 lonely {rule}"] = {"data": "apiclus1", "design": {"strata": ["cnum"], "psu": ["dnum"], "weight": "pw", "singleton": rule}, **LONELY}
    FROM_R[f"crowd {rule}"] = {"data": "crowd", "design": {"strata": ["stratum"], "psu": ["cluster"], "weight": "weight", "singleton": rule},
                               "by": ["person"], "deff": "replace", "means": ["rooms"], "totals": ["rooms"], "ratios": [["rooms", "person"]]}  # fmt: skip


def cases(own: bool) -> dict[str, dict]:
    """All cases on our own data, or all on R's."""
    if not own:
        return FROM_R
    return {name: {"data": "synthetic_a", **OWN, **case} for name, case in SYNTHETIC.items()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(cases(sys.argv[1] == "own"), indent=1))
