// How surprising a score is (haechi-text-1, section 6): the exact tail of a weighted sum of exponentials.

const LONG = 20000;
const APART = 1000;
const NEGLIGIBLE = 32;
const BIG = 1e100;

function logSum(terms) {
  const top = terms.reduce((a, b) => Math.max(a, b));
  return top + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - top), 0));
}

/** ln P(Gamma(count, 1) >= score). */
function gammaTail(score, count) {
  const terms = [0];
  for (let k = 1; k < count; k++) terms.push(terms[k - 1] + Math.log(score) - Math.log(k));
  return Math.min(0, logSum(terms) - score);
}

/** log10 P(sum >= score), where counts.get(mean) terms of the sum are exponential with that mean. */
export function sumTail(score, counts) {
  const means = [...counts.keys()].filter((mean) => counts.get(mean) > 0).sort((a, b) => a - b);
  if (!means.length || score <= 0) return 0;
  const [least, ...rest] = means;
  if (!rest.length) return gammaTail(score / least, counts.get(least)) / Math.LN10;
  if (score / least > LONG || rest.at(-1) / least > APART) return bound(score, means, counts);
  const wider = rest.map((mean) => [least / mean, counts.get(mean)]);
  const number = means.reduce((sum, mean) => sum + counts.get(mean), 0);
  return Math.min(0, mixture(score / least, number, wider) / Math.LN10);
}

/** ln P(Gamma(number + M, 1) >= score); M: failures before `count` successes of `chance`, all summed. */
function mixture(score, number, wider) {
  let [logShare, share] = [wider.reduce((sum, [chance, count]) => sum + count * Math.log(chance), 0), 1];
  let sums = wider.map(() => 0);
  let [logTail, tail] = [gammaTail(score, number), 1];
  let logFactorial = 0;
  for (let k = 2; k <= number; k++) logFactorial += Math.log(k);
  let poisson = Math.exp(number * Math.log(score) - score - logFactorial - logTail);
  const terms = [];
  let top = -Infinity;
  for (let k = 1; ; k++) {
    const term = logShare + Math.log(share) + logTail + Math.log(tail);
    terms.push(term);
    top = Math.max(top, term);
    sums = sums.map((sum, at) => (1 - wider[at][0]) * (share + sum));
    const following = sums.reduce((total, sum, at) => total + wider[at][1] * sum, 0) / k;
    const ratio = following / share;
    share = following;
    if (ratio < 1) {
      // The ratio only falls from here on: what is left out is at most a geometric series.
      const left = logShare + Math.log(share) - Math.log1p(-ratio);
      if (left < top - NEGLIGIBLE) return logSum([...terms, left]);
    }
    tail += poisson;
    poisson *= score / (number + k);
    if (share <= 1 / BIG || share >= BIG) {
      sums = sums.map((sum) => sum / share);
      [logShare, share] = [logShare + Math.log(share), 1];
    }
    if (tail > BIG) [logTail, poisson, tail] = [logTail + Math.log(tail), poisson / tail, 1];
  }
}

/** Chernoff's upper bound on the same, for scores far out. */
function bound(score, means, counts) {
  const over = (part) => means.reduce((sum, mean) => sum + counts.get(mean) * part(mean), 0);
  if (score <= over((mean) => mean)) return 0;
  let [low, high] = [0, 1 / means[means.length - 1]];
  for (let step = 0; step < 100; step++) {
    const t = (low + high) / 2;
    [low, high] = over((mean) => mean / (1 - mean * t)) < score ? [t, high] : [low, t];
  }
  return Math.min(0, (-over((mean) => Math.log1p(-mean * low)) - low * score) / Math.LN10);
}
