// Reads marks off the main thread, so that the page stays usable. Nothing leaves the browser here.

import { detect } from "./detect.js";

self.onmessage = (event) => {
  const { marks, attempts } = detect(event.data);
  const told = marks.map((mark) => ({ payload: mark.payload, log10P: mark.log10P, statistic: mark.statistic }));
  self.postMessage({ marks: told, attempts });
};
