"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const all = (css, below = document) => Array.from(below.querySelectorAll(css));
  const picture = $("picture"), axis = $("axis"), tip = $("tip"), controls = $("controls"), told = $("f-told");
  const whole = { from: +picture.dataset.from, until: +picture.dataset.until };
  const views = all("#lanes svg.z"), lanes = all("#lanes > li"), stories = all(".story"), changes = all("#changes tbody tr");
  const namespace = "http://www.w3.org/2000/svg";
  let shown = { ...whole };

  // Time: seconds since 1970, UTC.
  const iso = (seconds) => new Date(Math.round(seconds) * 1000).toISOString().slice(0, 19) + "Z";
  const steps = [60, 300, 900, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7862400, 31536000];
  const label = (at, step) => (step < 86400 ? iso(at).slice(5, 16).replace("T", " ") : iso(at).slice(0, 10));

  const drawAxis = () => {
    const length = shown.until - shown.from;
    const room = Math.max(2, Math.floor(axis.clientWidth / 105));
    const step = steps.find((step) => length / step <= room) ?? 31536000 * Math.ceil(length / 31536000 / room);
    const pick = $("pick");
    axis.replaceChildren();
    for (let at = Math.ceil(shown.from / step) * step; at < shown.until; at += step) {
      const x = ((at - shown.from) / length) * 100 + "%";
      const line = document.createElementNS(namespace, "line");
      for (const [name, value] of [["x1", x], ["x2", x], ["y1", 18], ["y2", 26], ["class", "tick"]]) line.setAttribute(name, value);
      const text = document.createElementNS(namespace, "text");
      for (const [name, value] of [["x", x], ["dx", 4], ["y", 14]]) text.setAttribute(name, value);
      text.textContent = label(at, step);
      axis.append(line);
      if (at + (length * 62) / (axis.clientWidth || 1) < shown.until) axis.append(text);
    }
    if (pick) axis.append(pick);
  };

  const show = (from, until) => {
    const length = Math.min(Math.max(until - from, 10), whole.until - whole.from);
    const start = Math.min(Math.max(from, whole.from), whole.until - length);
    shown = { from: start, until: start + length };
    const scale = (whole.until - whole.from) / length;
    const x = (-(start - whole.from) / length) * 100 + "%", width = scale * 100 + "%";
    for (const view of views) {
      view.setAttribute("x", x);
      view.setAttribute("width", width);
    }
    picture.dataset.shown = scale > 1.0001 ? "part" : "whole";
    $("z-from").value = iso(shown.from);
    $("z-to").value = iso(shown.until);
    drawAxis();
    filter();
  };
  const zoom = (by, at = 0.5) => {
    const length = shown.until - shown.from, fixed = shown.from + length * at;
    show(fixed - length * by * at, fixed + length * by * (1 - at));
  };
  const shift = (by) => show(shown.from + (shown.until - shown.from) * by, shown.until + (shown.until - shown.from) * by);

  // Filters: buckets, accounts, verdicts, status; rows and stories outside the time that is looked at go too.
  const filter = () => {
    const text = $("f-text").value.trim().toLowerCase(), account = $("f-account").value, status = $("f-status").value;
    const boxes = all("input[name=verdict]"), chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    const every = chosen.length === boxes.length, part = picture.dataset.shown === "part";
    const named = (it) => (!text || it.b.toLowerCase().includes(text) || it.a.includes(text)) && (!account || it.a === account);
    const of = (it) => named(it) && (!status || it.s === status) && (every || it.v.split(" ").some((verdict) => chosen.includes(verdict)));
    const hide = (rows, keep) => rows.reduce((left, row) => left + ((row.hidden = !keep(row.dataset)) ? 0 : 1), 0);
    const buckets = new Set();
    const drawn = hide(lanes, (it) => of(it) && (buckets.add(it.a + " " + it.b), true));
    const stands = (it) => of(it) && (!part || (+it.from <= shown.until && +it.until >= shown.from));
    const exposures = hide(stories, stands);
    const narrowed = !every || status;
    const made = (it) => named(it) && (!narrowed || !it.b || buckets.has(it.a + " " + it.b)) && (!part || (+it.at >= shown.from && +it.at <= shown.until));
    const calls = hide(changes, made);
    told.textContent = `${drawn} of ${lanes.length} lanes, ${exposures} of ${stories.length} exposures, ${calls} of ${changes.length} changes`;
  };

  // What is pointed at, tapped or focused says what it is.
  const say = (text, x, y) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
    tip.style.top = (y + 18 + box.height > innerHeight ? Math.max(8, y - box.height - 12) : y + 18) + "px";
  };
  const about = (target) => (target.closest ? target.closest("[data-t]") : null);
  const point = (event) => {
    const it = about(event.target);
    it && !drag ? say(it.dataset.t, event.clientX, event.clientY) : (tip.hidden = true);
  };
  const focus = (event) => {
    const it = about(event.target);
    if (it && it.matches(":focus-visible")) {
      const box = it.getBoundingClientRect();
      say(it.dataset.t, box.left, box.bottom - 10);
    }
  };

  // Dragging along the lanes looks closer.
  let drag = null;
  const share = (event) => {
    const box = axis.getBoundingClientRect();
    return box.width ? Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) : 0;
  };
  const along = (event) => event.target.closest(".lane, .axis") && event.clientX >= axis.getBoundingClientRect().left;
  const pick = () => {
    const rect = $("pick") ?? axis.appendChild(Object.assign(document.createElementNS(namespace, "rect"), { id: "pick" }));
    rect.setAttribute("x", Math.min(drag.from, drag.to) * 100 + "%");
    rect.setAttribute("width", Math.abs(drag.to - drag.from) * 100 + "%");
    rect.setAttribute("height", "26");
  };
  const press = (event) => {
    if (event.pointerType === "mouse" && event.button === 0 && along(event)) {
      drag = { from: share(event), to: share(event) };
    }
  };
  const move = (event) => {
    if (!drag) return;
    drag.to = share(event);
    pick();
    event.preventDefault();
  };
  const release = () => {
    if (!drag) return;
    const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)], length = shown.until - shown.from;
    drag = null;
    $("pick")?.remove();
    if (to - from > 0.01) {
      click = true;
      show(shown.from + from * length, shown.from + to * length);
    }
  };
  let click = false;
  const afterDrag = (event) => {
    if (click) event.preventDefault();
    click = false;
  };

  // Whatever is linked to is shown, whatever the filters say.
  const reveal = () => {
    const id = decodeURIComponent(location.hash.slice(1)), it = id && $(id);
    if (!it) return;
    it.hidden = false;
    if (it.matches("details")) it.open = true;
    it.scrollIntoView({ block: "start" });
  };
  // An end that is typed beyond the other takes that along.
  const typed = (event) => {
    const length = shown.until - shown.from, at = Date.parse(event.target.value) / 1000;
    let { from, until } = shown;
    if (Number.isFinite(at) && event.target.id === "z-from") [from, until] = [at, at < until ? until : Math.min(at + length, whole.until)];
    if (Number.isFinite(at) && event.target.id === "z-to") [from, until] = [at > from ? from : Math.max(at - length, whole.from), at];
    show(from, until);
  };
  let folded = [];
  const unfold = () => (folded = all("details:not([open])")).forEach((it) => (it.open = true));
  const fold = () => folded.forEach((it) => (it.open = false));
  const measure = () => {
    document.documentElement.style.setProperty("--bar", controls.offsetHeight + "px");
    drawAxis();
  };

  for (const [id, act] of [["z-in", () => zoom(0.5)], ["z-out", () => zoom(2)], ["z-left", () => shift(-0.5)], ["z-right", () => shift(0.5)]]) $(id).addEventListener("click", act);
  for (const id of ["z-from", "z-to"]) $(id).addEventListener("change", typed);
  controls.addEventListener("input", (event) => event.target.id.startsWith("z-") || filter());
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("reset", () => setTimeout(() => show(whole.from, whole.until)));
  picture.addEventListener("pointermove", point);
  picture.addEventListener("pointerdown", press);
  picture.addEventListener("pointerleave", () => (tip.hidden = true));
  picture.addEventListener("click", afterDrag, true);
  picture.addEventListener("click", (event) => about(event.target) && say(about(event.target).dataset.t, event.clientX, event.clientY));
  picture.addEventListener("focusin", focus);
  picture.addEventListener("focusout", () => (tip.hidden = true));
  picture.addEventListener("dblclick", () => show(whole.from, whole.until));
  picture.addEventListener("wheel", (event) => {
    if (!event.ctrlKey || !along(event)) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.7 : 1.4, share(event));
  }, { passive: false });
  addEventListener("pointermove", move);
  addEventListener("pointerup", release);
  addEventListener("pointercancel", release);
  addEventListener("keydown", (event) => event.key === "Escape" && (tip.hidden = true));
  addEventListener("scroll", () => (tip.hidden = true), { passive: true });
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", unfold);
  addEventListener("afterprint", fold);
  addEventListener("resize", measure);
  controls.hidden = false;
  measure();
  show(whole.from, whole.until);
  reveal();
})();
