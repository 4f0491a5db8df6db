// "Recompute here": fetches the facts, what was counted and the node's answers, works the answers out again in
// this browser, and compares byte by byte.

import { encode, recompute } from "./count.js";
import { sha256 } from "./lattice.js";

const part = (id) => document.getElementById(id);
const words = part("recompute").dataset;
const hexOf = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const line = (name, text, verdict) => {
  const element = document.createElement(name);
  element.textContent = text;
  if (verdict) element.className = verdict;
  part("recomputed").append(element);
};

const bytesOf = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
};

const work = async () => {
  part("recomputed").replaceChildren();
  line("p", words.working);
  const [facts, inputs, theirs] = await Promise.all([words.facts, words.inputs, words.answers].map(bytesOf));
  const text = new TextDecoder();
  const given = JSON.parse(text.decode(inputs));
  const version = hexOf(sha256(facts));
  const began = performance.now();
  const document_ = recompute(JSON.parse(text.decode(facts)), given);
  const mine = new TextEncoder().encode(encode(document_));
  const took = (performance.now() - began).toFixed(0);
  const same = mine.length === theirs.length && mine.every((byte, at) => byte === theirs[at]);
  part("recomputed").replaceChildren();
  const known = version === given.data_version && version === words.version;
  line("p", `${known ? words.known : words.unknown} ${version}`, known ? "verdict holds" : "verdict fails");
  line("p", `${same ? words.same : words.differs} (${document_.answers.length}, ${mine.length} B, ${took} ms)`, same ? "verdict holds" : "verdict fails");
  line("p", `${words.mine} ${hexOf(sha256(mine))}`, "digest");
  line("p", `${words.theirs} ${hexOf(sha256(theirs))}`, "digest");
  part("recomputed").dataset.verdict = same && known ? "HOLDS" : "FAILS";
};

part("recompute").hidden = false;
part("recompute-now").addEventListener("click", () => {
  work().catch((error) => {
    part("recomputed").replaceChildren();
    line("p", `${words.failed} ${error.message}`, "verdict fails");
    part("recomputed").dataset.verdict = "UNDECIDED";
  });
});
