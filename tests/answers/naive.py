"""The answers worked out again from the published algorithm, slowly and without the engine's code.

Written against docs/reference/answers.md only: lists and loops, no shelves, no routes, no cache. It uses the
facts' own records and the plain item records, and gives the JSON form.
"""

from datetime import date, timedelta

from haechi.answers.evidence import Confirmation, Evidence, Item, Objection, Replacement, Withdrawal, utc_day
from haechi.facts import Facts

STATES = ["none", "claimed", "partial", "full"]
LEVELS = ["self_declared", "logged", "witnessed", "countersigned", "reproduced"]


class Naive:
    def __init__(self, facts: Facts, items: list[Item], checkers: set[str]) -> None:
        self.facts, self.items, self.checkers = facts, items, checkers
        self.targets = {**facts.requirements, **facts.commitments}
        self.offered = {offer.target for item in items if isinstance(item, Evidence) for offer in item.offers}

    # 1. what stands
    def stands(self, item: Item) -> bool:
        if isinstance(item, Withdrawal):
            return True
        for said in self.items:
            if isinstance(said, Evidence) or said.target != item.digest or said.issuer != item.issuer:
                continue
            if isinstance(said, Withdrawal):
                return False
            if isinstance(said, Replacement) and not any(
                isinstance(w, Withdrawal) and w.target == said.digest and w.issuer == said.issuer
                for w in self.items
            ):
                return False
        return True

    # 2. how it was checked
    def base(self, piece: Evidence) -> int:
        if not piece.seen.logs:
            return 0
        level = 2 if piece.seen.witnessed else 1
        for said in self.items:
            if not isinstance(said, Confirmation) or said.target != piece.digest or not said.logged:
                continue
            if self.counts(said, piece) and self.stands(said):
                level = max(level, 4 if said.how == "reproduced" else 3)
        return level

    def counts(self, said: Confirmation | Objection, piece: Evidence) -> bool:
        return said.issuer in self.checkers - {piece.issuer, piece.subject}

    def disputes(self, piece: Evidence) -> list[Objection]:
        return [
            said
            for said in self.items
            if isinstance(said, Objection)
            and said.target == piece.digest
            and said.issuer != piece.issuer
            and self.stands(said)
        ]

    def level(self, piece: Evidence) -> int:
        against = {said.issuer for said in self.disputes(piece) if said.logged and self.counts(said, piece)}
        return max(0, self.base(piece) - len(against))

    # 3. how long it serves
    def expires(self, piece: Evidence, target: str, within: int | None) -> date | None:
        own = getattr(self.targets[target], "evidence_valid_days", None)
        days = own if own is not None else self.facts.valid_days(piece.kind)
        limits = [limit for limit in (days, within) if limit is not None]
        return piece.since + timedelta(days=min(limits)) if limits else None

    def live(
        self, names: tuple[str, ...], target: str, day: date, within: int | None
    ) -> list[tuple[Evidence, bool]]:
        found = []
        for piece in self.items:
            if not isinstance(piece, Evidence) or piece.subject not in names or not self.stands(piece):
                continue
            wholes = [offer.whole for offer in piece.offers if offer.target == target]
            last = self.expires(piece, target, within)
            if wholes and utc_day(piece.issued_at) <= day and (last is None or day <= last):
                found.append((piece, any(wholes)))
        return found

    # 4. direct
    def asked(self, target: str) -> list[str]:
        record, asked = self.targets[target], []
        for kind in record.evidence:
            choice = next(("|".join(one.kinds) for one in record.any_of if kind in one.kinds), kind)
            if choice not in asked:
                asked.append(choice)
        return asked

    def direct(
        self, names: tuple[str, ...], target: str, day: date, within: int | None = None
    ) -> dict | None:
        live = self.live(names, target, day, within)
        if not live:
            return None

        def rank(one: tuple[Evidence, bool]) -> tuple:
            piece, whole = one
            return (not whole, -self.level(piece), -piece.since.toordinal(), piece.digest)

        def serves(piece: Evidence, kind: str) -> bool:
            return not piece.withheld and any(
                piece.kind == one or piece.kind.startswith(one + ".") for one in kind.split("|")
            )

        asked = self.asked(target)
        best = {}
        for kind in asked:
            able = sorted((one for one in live if serves(one[0], kind)), key=rank)
            best[kind] = able[0] if able else None
        proof = [kind for kind in asked if kind != "pledge_report"]
        if not any(best[kind] for kind in proof):
            used, state, lacks = [min(live, key=rank)], 1, proof or [None]
            why = [("why.claimed", target)]
        else:
            full = all(best[kind] and best[kind][1] for kind in asked)
            state = 3 if full else 2
            counted = asked if full else [kind for kind in proof if best[kind]]
            used = [best[kind] for kind in counted]
            why = [("why.offered", kind) for kind in counted]
            lacks = [kind for kind in asked if not best[kind] or not best[kind][1]]
        last = [self.expires(piece, target, within) for piece, _ in used]
        return {
            "state": state,
            "assurance": min(self.level(piece) for piece, _ in used),
            "undisputed": min(self.base(piece) for piece, _ in used),
            "evidence": list(dict.fromkeys(piece.digest.hex() for piece, _ in used)),
            "expires": min((day for day in last if day), default=None),
            "why": why,
            "lacks": [
                ("lacks.no-proof-kind", target)
                if kind is None
                else (
                    "lacks.part"
                    if state > 1 and best[kind]
                    else ("lacks.any-kind" if "|" in kind else "lacks.kind"),
                    kind,
                )
                for kind in lacks
            ],
            "kinds": {piece.kind for piece, _ in live if any(serves(piece, kind) for kind in proof)},
        }

    # 5. routes
    def full_paths(self, start: str) -> dict[str, list[str]]:
        paths: dict[str, list[str]] = {start: []}
        rim = [start]
        while rim:
            here = rim.pop(0)
            for id_ in sorted(self.facts.relations):
                relation = self.facts.relations[id_]
                if here in (relation.a, relation.b) and relation.carry_from(here) == "full":
                    there = relation.other(here)
                    if there not in paths:
                        paths[there] = [*paths[here], id_]
                        rim.append(there)
        return {end: path for end, path in paths.items() if path}

    def routes(self, source: str, target: str) -> list[tuple[list[str], bool]]:
        direct = [
            (id_, relation.carry_from(source) == "full")
            for id_, relation in self.facts.relations.items()
            if {relation.a, relation.b} == {source, target}
        ]
        found = [([id_], full) for id_, full in direct]
        path = self.full_paths(source).get(target, [])
        return found + ([(path, True)] if len(path) > 1 else [])

    def credits(self, names: tuple[str, ...], target: str, day: date) -> list[dict]:
        found = []
        own = self.direct(names, target, day)
        low = self.facts.is_low
        if own:
            found.append({**own, "source": target, "relations": [], "low": low(target)})
        limit = getattr(self.targets[target], "evidence_valid_days", None)
        wanted = [k for kind in self.asked(target) for k in kind.split("|") if k != "pledge_report"]
        for source in self.offered - {target}:
            start = self.direct(names, source, day, limit)
            if start is None or start["state"] < 2:
                continue
            for path, full in self.routes(source, target):
                fits = any(k == kind or k.startswith(kind + ".") for k in start["kinds"] for kind in wanted)
                if start["state"] == 2 and not (len(path) == 1 and fits):
                    continue
                found.append(
                    {
                        **start,
                        "state": 3 if full and start["state"] == 3 else 2,
                        "source": source,
                        "relations": path,
                        "why": [("why.relation", id_) for id_ in path],
                        "lacks": [*self.lacks(source, path, full), *start["lacks"]],
                        "low": low(source) or low(target) or any(low(id_) for id_ in path),
                    }
                )
        found.sort(
            key=lambda c: (-c["state"], -c["assurance"], len(c["relations"]), c["source"], c["relations"])
        )
        return found

    def lacks(self, source: str, path: list[str], full: bool) -> list[tuple[str, str]]:  # noqa: FBT001
        named, here = [], source
        for id_ in path:
            if self.facts.relations[id_].lacks_from(here):
                named.append(("lacks.named", id_))
            here = self.facts.relations[id_].other(here)
        return named if named or full else [("lacks.unnamed", path[0])]

    # 6. the answer
    def answers(self, names: tuple[str, ...], day: date) -> dict[str, dict]:
        found = {}
        for target in self.targets:
            credits_ = self.credits(names, target, day)
            if not credits_:
                continue
            contested: dict[str, Objection] = {}
            for source in {target, *(credit["source"] for credit in credits_)}:
                for piece, _ in self.live(names, source, day, None):
                    contested |= {said.digest.hex(): said for said in self.disputes(piece)}
            found[target] = {
                "state": STATES[credits_[0]["state"]],
                "assurance": LEVELS[credits_[0]["assurance"]],
                "undisputed": LEVELS[credits_[0]["undisputed"]],
                "disputes": sorted(contested),
                "low": credits_[0]["low"],
                "credits": [
                    (
                        STATES[c["state"]],
                        LEVELS[c["assurance"]],
                        c["source"],
                        c["relations"],
                        c["evidence"],
                        c["expires"].isoformat() if c["expires"] else None,
                        c["why"],
                        c["lacks"],
                        c["low"],
                    )
                    for c in credits_
                ],
            }
        return found


def shown(answers: dict) -> dict[str, dict]:
    """The engine's JSON form, cut down to what the naive one gives."""
    return {
        answer["target"]: {
            "state": answer["state"],
            "assurance": answer["assurance"],
            "undisputed": answer["undisputed"],
            "disputes": sorted(said["statement"] for said in answer["disputes"]),
            "low": answer["low"],
            "credits": [
                (
                    c["state"],
                    c["assurance"],
                    c["source"],
                    c["relations"],
                    c["evidence"],
                    c["expires"],
                    [(n["code"], n["ref"]) for n in c["why"]],
                    [(n["code"], n["ref"]) for n in c["lacks"]],
                    c["low"],
                )
                for c in answer["credits"]
            ],
        }
        for answer in answers["answers"]
    }
