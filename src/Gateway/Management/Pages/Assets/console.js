// Only a comfort: the overview loads itself again every few seconds, while somebody looks at it. Everything works without.
"use strict";
(() => {
  const period = 5000;
  const main = document.querySelector("main[data-live]");
  if (!main) {
    return;
  }

  const state = document.querySelector(".live-state");
  const at = state.querySelector(".live-at");
  const load = async () => {
    if (document.hidden || main.contains(document.activeElement) && document.activeElement !== main) {
      return; // nothing moves under a reader's hands
    }

    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      if (!answer.ok) {
        throw new Error(answer.statusText);
      }

      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      main.replaceChildren(...page.querySelector("main").childNodes);
      at.textContent = page.querySelector(".live-at").textContent;
      at.removeAttribute("role");
      state.classList.remove("stale");
    } catch {
      if (!state.classList.contains("stale")) {
        state.classList.add("stale");
        at.setAttribute("role", "alert");
        at.textContent = `The gateway does not answer. ${at.textContent}`;
      }
    }
  };

  setInterval(load, period);
})();
