// One stream for all tabs of a browser. It passes on what the server tells, and whether it tells.
"use strict";
const tabs = new Set();
let source = null, state = "";

function tell(message) {
  for (const tab of tabs) tab.postMessage(message);
}
function become(now) {
  if (state !== now) { state = now; tell({ state }); }
}
function open() {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource("/live");
  source.addEventListener("hello", () => become("on"));
  source.addEventListener("changed", (event) => tell({ changed: JSON.parse(event.data) }));
  source.addEventListener("tick", () => tell({ changed: [] }));
  source.addEventListener("call", () => tell({ call: true }));
  source.onerror = () => {
    become("off");
    if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000);
  };
}
onconnect = (event) => {
  const tab = event.ports[0];
  tabs.add(tab);
  tab.onmessage = (message) => { if (message.data === "bye") tabs.delete(tab); };
  tab.start();
  if (state) tab.postMessage({ state });
  open();
};
