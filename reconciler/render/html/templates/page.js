"use strict";
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const objects = [...document.querySelectorAll("details.object")];
  const count = document.getElementById("count");
  const groups = ["action", "class", "kind"];
  const prefix = "#filter:";
  const texts = new Map();

  const textOf = (object) => {
    if (!texts.has(object)) texts.set(object, object.textContent.toLowerCase());
    return texts.get(object);
  };
  const boxes = (name) => [...form.querySelectorAll(`input[name="${name}"]`)];
  const chosen = (name) => new Set(boxes(name).filter((box) => box.checked).map((box) => box.value));
  const words = () => form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);

  const fits = (object, picked, wanted) =>
    groups.every((name) => !picked[name].size || object.dataset[name].split(" ").some((value) => picked[name].has(value))) &&
    wanted.every((word) => textOf(object).includes(word));

  const show = () => {
    const picked = Object.fromEntries(groups.map((name) => [name, chosen(name)]));
    const wanted = words();
    let shown = 0;
    for (const object of objects) {
      const fit = fits(object, picked, wanted);
      object.hidden = !fit;
      shown += fit;
    }
    const filtered = wanted.length > 0 || groups.some((name) => picked[name].size > 0);
    document.documentElement.classList.toggle("filtered", filtered);
    const all = `${objects.length} ${objects.length === 1 ? "object" : "objects"}`;
    count.value = filtered ? `${shown || "none"} of ${all} shown` : all;
  };

  const remember = () => {
    const told = new URLSearchParams();
    for (const name of groups) for (const value of chosen(name)) told.append(name, value);
    if (words().length) told.append("text", form.elements.text.value.trim());
    const hash = String(told) ? prefix + told : "";
    try {
      history.replaceState(null, "", hash || location.pathname + location.search);
    } catch {
      /* a page that may not name itself is still a page */
    }
  };

  const recall = (told) => {
    for (const name of groups) {
      const values = new Set(told.getAll(name));
      for (const box of boxes(name)) box.checked = values.has(box.value);
    }
    form.elements.text.value = told.get("text") || "";
    show();
  };

  const follow = () => {
    if (location.hash.startsWith(prefix)) {
      recall(new URLSearchParams(location.hash.slice(prefix.length)));
      document.getElementById("objects").scrollIntoView();
      return;
    }
    let name = location.hash.slice(1);
    try {
      name = decodeURIComponent(name);
    } catch {
      /* then it is the name as it stands */
    }
    const object = document.getElementById(name);
    if (!object || !objects.includes(object)) return;
    if (object.hidden) recall(new URLSearchParams());
    object.open = true;
    object.scrollIntoView();
    object.querySelector("summary").focus({ preventScroll: true });
  };

  const fold = (open) => {
    for (const object of objects) if (!object.hidden) object.open = open;
  };

  form.addEventListener("input", () => { show(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    recall(new URLSearchParams());
    remember();
  });
  document.getElementById("unfold").addEventListener("click", () => fold(true));
  document.getElementById("fold").addEventListener("click", () => fold(false));
  for (const link of document.querySelectorAll("a[data-filter]")) link.href = prefix + link.dataset.filter;

  const opened = [];
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not([open])")) {
      details.open = true;
      opened.push(details);
    }
  });
  addEventListener("afterprint", () => {
    for (const details of opened.splice(0)) details.open = false;
  });

  addEventListener("hashchange", follow);
  form.hidden = objects.length < 2;
  follow();
})();
