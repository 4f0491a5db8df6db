// The answers worked out again from the published algorithm (docs/reference/answers.md), in another language
// than the node's own: facts and inputs in, the document out. No network, no page, no clock in here.

const STATES = ["none", "claimed", "partial", "full"];
const LEVELS = ["self_declared", "logged", "witnessed", "countersigned", "reproduced"];
const REPORT = "pledge_report";
const DAY_MS = 86_400_000;
const LAST_DAY = Date.UTC(9999, 11, 31) / DAY_MS;

const dayOf = (iso) => Date.parse(`${iso}T00:00:00Z`) / DAY_MS;
const isoOf = (day) => (day === null ? null : new Date(day * DAY_MS).toISOString().slice(0, 10));
const servesAs = (kind, asked) => kind === asked || kind.startsWith(`${asked}.`);
const low = (record) => record.confidence === "low" || record.checked === "recalled";
const grouped = (list, key) => {
  const found = new Map();
  for (const each of list) {
    if (!found.has(key(each))) found.set(key(each), []);
    found.get(key(each)).push(each);
  }
  return found;
};

// Names are compared by code points, as the node does; the language's own order is by UTF-16 units.
const compare = (a, b) => {
  if (typeof a === "number") return a - b;
  const [left, right] = [[...a], [...b]];
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    if (left[at] !== right[at]) return left[at].codePointAt(0) - right[at].codePointAt(0);
  }
  return left.length - right.length;
};
const compareAll = (a, b) => {
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const order = Array.isArray(a[at]) ? compareAll(a[at], b[at]) : compare(a[at], b[at]);
    if (order) return order;
  }
  return a.length - b.length;
};
const best = (list, rank) => list.reduce((one, two) => (one && compareAll(rank(one), rank(two)) <= 0 ? one : two), null);

// 1 and 2: what stands, and how each piece was checked.
const ledger = (items, checkers) => {
  const said = grouped(items.filter((item) => item.type !== "evidence"), (item) => item.target);
  const about = (item) => said.get(item.digest) ?? [];
  const withdrawn = (item) => about(item).some((one) => one.type === "withdrawal" && one.issuer === item.issuer);
  const replaced = (item) =>
    about(item).some((one) => one.type === "replacement" && one.issuer === item.issuer && !withdrawn(one));
  const stands = (item) => item.type === "withdrawal" || !(withdrawn(item) || replaced(item));
  const counts = (one, piece) =>
    one.logged && checkers.has(one.issuer) && one.issuer !== piece.issuer && one.issuer !== piece.subject;
  const disputes = (piece) =>
    about(piece).filter((one) => one.type === "dispute" && one.issuer !== piece.issuer && stands(one));
  const base = (piece) => {
    if (!piece.logs.length) return 0;
    const checks = about(piece).filter((one) => one.type === "confirmation" && counts(one, piece) && stands(one));
    return Math.max(piece.witnessed ? 2 : 1, ...checks.map((one) => (one.how === "reproduced" ? 4 : 3)));
  };
  const level = (piece) => {
    const against = new Set(disputes(piece).filter((one) => counts(one, piece)).map((one) => one.issuer));
    return Math.max(0, base(piece) - against.size);
  };
  return { stands, disputes, base, level };
};

// 4: what a target asks for. Kinds of one choice count as one.
const demandOf = (record, labels, words) => {
  const chosen = new Map((record.any_of ?? []).flatMap((choice) => choice.kinds.map((kind) => [kind, choice.kinds])));
  const groups = new Map(record.evidence.map((kind) => chosen.get(kind) ?? [kind]).map((kinds) => [kinds.join("|"), kinds]));
  const fill = (code, ref, kinds = []) => {
    const word = (lang) => words[code][lang].replace("{kind}", () => kinds.map((kind) => labels.get(kind)[lang]).join(" / "));
    return { code, ref, en: word("en"), ko: word("ko") };
  };
  const asked = [...groups].map(([ref, kinds]) => ({
    kinds,
    proof: !kinds.includes(REPORT),
    missing: fill(kinds.length > 1 ? "lacks.any-kind" : "lacks.kind", ref, kinds),
    part: fill("lacks.part", ref, kinds),
    offered: fill("why.offered", ref, kinds),
  }));
  const unmet = asked.filter((one) => one.proof).map((one) => one.missing);
  return {
    asked,
    days: record.evidence_valid_days ?? null,
    low: low(record),
    serves: (kind) => asked.some((one) => one.proof && one.kinds.some((each) => servesAs(kind, each))),
    unmet: unmet.length ? unmet : [fill("lacks.no-proof-kind", record.id)],
    claimed: fill("why.claimed", record.id),
  };
};

// 5: full credit chains along relations that carry it; partial credit takes one relation.
const routesOf = (relations, known, words) => {
  const steps = relations
    .filter((relation) => known.has(relation.a) && known.has(relation.b))
    .flatMap((relation) => [
      { id: relation.id, from: relation.a, to: relation.b, full: relation.carry_a_to_b === "full", relation, side: "a_evidence_lacks_for_b" },
      { id: relation.id, from: relation.b, to: relation.a, full: relation.carry_b_to_a === "full", relation, side: "b_evidence_lacks_for_a" },
    ]);
  const hop = (path, full) => {
    const lacks = path
      .filter((step) => step.relation[step.side])
      .map((step) => ({ code: "lacks.named", ref: step.id, en: step.relation[step.side], ko: step.relation[`${step.side}_ko`] }));
    if (!full && !lacks.length) lacks.push({ code: "lacks.unnamed", ref: path[0].id, ...words["lacks.unnamed"] });
    return {
      source: path[0].from,
      target: path.at(-1).to,
      full,
      relations: path.map((step) => step.id),
      why: path.map((step) => ({ code: "why.relation", ref: step.id, en: step.relation.why, ko: step.relation.why_ko })),
      lacks,
      low: path.some((step) => step.relation.confidence === "low"),
    };
  };
  const onward = grouped(steps.filter((step) => step.full), (step) => step.from);
  for (const list of onward.values()) list.sort((a, b) => compare(a.id, b.id));
  const chains = [...onward.keys()].flatMap((start) => {
    const paths = new Map([[start, []]]);
    const waiting = [start];
    while (waiting.length) {
      const here = waiting.shift();
      for (const step of onward.get(here) ?? []) {
        if (paths.has(step.to)) continue;
        paths.set(step.to, [...paths.get(here), step]);
        waiting.push(step.to);
      }
    }
    return [...paths.values()].filter((path) => path.length > 1).map((path) => hop(path, true));
  });
  return grouped([...steps.map((step) => hop([step], step.full)), ...chains], (route) => route.target);
};

/** The answers that follow from the facts and the inputs, as the node's document. */
export const recompute = (facts, inputs) => {
  const day = dayOf(inputs.as_of);
  const names = new Set([inputs.subject, ...inputs.part_of]);
  const { stands, disputes, base, level } = ledger(inputs.items, new Set(inputs.checkers));
  const kinds = [...facts.evidence_kinds, ...facts.evidence_subkinds];
  const labels = new Map(kinds.map((kind) => [kind.id, { en: kind.name, ko: kind.name_ko }]));
  const kindDays = new Map(facts.evidence_kinds.map((kind) => [kind.id, kind.default_valid_days ?? null]));
  const records = [...facts.requirements, ...facts.commitments];
  const demands = new Map(records.map((record) => [record.id, demandOf(record, labels, inputs.words)]));
  const routes = routesOf(facts.relations, demands, inputs.words);
  const offered = new Map();
  for (const piece of inputs.items) {
    if (piece.type !== "evidence" || !names.has(piece.subject) || !stands(piece)) continue;
    const whole = new Map();
    for (const [target, all] of piece.offers) whole.set(target, all || (whole.get(target) ?? false));
    for (const [target, all] of whole) {
      if (!offered.has(target)) offered.set(target, []);
      offered.get(target).push({ piece, whole: all, level: level(piece) });
    }
  }

  // 3: what is live. The last day counts; a limit beyond the calendar is none.
  const lastDay = (piece, target, within) => {
    const own = demands.get(target).days ?? kindDays.get(piece.kind.split(".")[0]) ?? null;
    const limits = [own, within].filter((limit) => limit !== null);
    const last = dayOf(piece.since) + Math.min(...limits);
    return limits.length && last <= LAST_DAY ? last : null;
  };
  const live = (target, within) =>
    (offered.get(target) ?? []).filter(({ piece }) => {
      const last = lastDay(piece, target, within);
      return dayOf(piece.issued) <= day && (last === null || day <= last);
    });
  const rank = (one) => [one.whole ? 0 : 1, -one.level, -dayOf(one.piece.since), one.piece.digest];

  const direct = (target, within = null) => {
    const held = live(target, within);
    if (!held.length) return null;
    const demand = demands.get(target);
    const shown = held.filter(({ piece }) => !piece.withheld);
    const found = demand.asked.map((asked) => ({
      asked,
      one: best(shown.filter(({ piece }) => asked.kinds.some((kind) => servesAs(piece.kind, kind))), rank),
    }));
    const result = (state, used, why, lacks, carried) => {
      const ends = used.map(({ piece }) => lastDay(piece, target, within)).filter((last) => last !== null);
      return {
        state,
        assurance: Math.min(...used.map((one) => one.level)),
        undisputed: Math.min(...used.map(({ piece }) => base(piece))),
        evidence: [...new Set(used.map(({ piece }) => piece.digest))],
        expires: ends.length ? Math.min(...ends) : null,
        why,
        lacks,
        kinds: carried,
      };
    };
    if (!found.some(({ asked, one }) => asked.proof && one)) {
      return result(1, [best(held, rank)], [demand.claimed], demand.unmet, []);
    }
    const full = found.every(({ one }) => one?.whole);
    const counted = found.filter(({ asked, one }) => one && (full || asked.proof));
    return result(
      full ? 3 : 2,
      counted.map(({ one }) => one),
      counted.map(({ asked }) => asked.offered),
      found.filter(({ one }) => !one?.whole).map(({ asked, one }) => (one ? asked.part : asked.missing)),
      shown.map(({ piece }) => piece.kind).filter(demand.serves),
    );
  };

  const directs = new Map([...offered.keys()].filter((target) => demands.has(target)).map((target) => [target, direct(target)]));
  const carried = (route) => {
    const demand = demands.get(route.target);
    if (!directs.get(route.source)) return null;
    const start = demand.days === null ? directs.get(route.source) : direct(route.source, demand.days);
    if (!start || start.state < 2 || !route.why.length) return null;
    if (start.state === 2 && !(route.relations.length === 1 && start.kinds.some(demand.serves))) return null;
    return {
      ...start,
      state: route.full && start.state === 3 ? 3 : 2,
      source: route.source,
      relations: route.relations,
      why: route.why,
      lacks: [...route.lacks, ...start.lacks],
      low: route.low || demands.get(route.source).low || demand.low,
    };
  };
  const contested = (target) =>
    live(target, null).flatMap(({ piece }) => disputes(piece));

  // 6: credits side by side; they never add up.
  const answer = (target) => {
    const demand = demands.get(target);
    const own = directs.get(target);
    const credits = own ? [{ ...own, source: target, relations: [], low: demand.low }] : [];
    credits.push(...(routes.get(target) ?? []).map(carried).filter(Boolean));
    if (!credits.length) return null;
    credits.sort((a, b) =>
      compareAll(
        [-a.state, -a.assurance, a.relations.length, a.source, a.relations],
        [-b.state, -b.assurance, b.relations.length, b.source, b.relations],
      ),
    );
    const said = new Map([target, ...credits.map((credit) => credit.source)].flatMap(contested).map((one) => [one.digest, one]));
    const first = credits[0];
    return {
      target,
      state: STATES[first.state],
      assurance: LEVELS[first.assurance],
      undisputed: LEVELS[first.undisputed],
      expires: isoOf(first.expires),
      days_left: first.expires === null ? null : first.expires - day,
      credits: credits.map((credit) => ({
        state: STATES[credit.state],
        assurance: LEVELS[credit.assurance],
        undisputed: LEVELS[credit.undisputed],
        source: credit.source,
        relations: credit.relations,
        evidence: credit.evidence,
        expires: isoOf(credit.expires),
        why: credit.why,
        lacks: credit.lacks,
        low: credit.low,
      })),
      lacks: first.lacks,
      disputes: [...said.values()]
        .sort((a, b) => compareAll([a.issuer, a.digest], [b.issuer, b.digest]))
        .map((one) => ({ by: one.issuer, grounds: one.grounds, statement: one.digest, target: one.target })),
      low: first.low,
    };
  };
  return {
    schema: "haechi.answers/1",
    data_version: inputs.data_version,
    subject: inputs.subject,
    part_of: inputs.part_of,
    as_of: inputs.as_of,
    answers: [...demands.keys()].sort(compare).map(answer).filter(Boolean),
  };
};

/** The one JSON form: keys sorted, no spaces. Equal documents, equal bytes. */
export const encode = (value) => {
  if (Array.isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${encode(value[key])}`);
  return `{${members.join(",")}}`;
};
