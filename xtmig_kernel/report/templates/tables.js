(() => {
  "use strict";
  const text = (node) => node.textContent.trim().toLowerCase();
  const make = (name, properties) => Object.assign(document.createElement(name), properties);

  const fewestToSearch = 4;
  const makeTools = (box, items, keyOf) => {
    if (items.length < fewestToSearch) return;
    const tools = make("div", { className: "tools" });
    const state = make("span", { role: "status" });
    const search = make("input", { type: "search" });
    const name = box.dataset.tools;
    const searchLabel = make("label", { textContent: `Search ${name} ` });
    searchLabel.append(search);
    tools.append(searchLabel);
    const keys = [...new Set(items.map(keyOf).filter(Boolean))].sort();
    const choice = make("select");
    if (keys.length > 1) {
      choice.append(make("option", { value: "", textContent: "all" }));
      keys.forEach((key) => choice.append(make("option", { value: key, textContent: key })));
      const choiceLabel = make("label", { textContent: `${box.dataset.filter ?? "Show"} ` });
      choiceLabel.append(choice);
      tools.append(choiceLabel);
    }
    tools.append(state);
    const apply = () => {
      let shown = 0;
      items.forEach((item) => {
        const fits = text(item).includes(search.value.trim().toLowerCase()) && (!choice.value || keyOf(item) === choice.value);
        item.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      state.textContent = `${shown} of ${items.length} shown`;
    };
    search.addEventListener("input", apply);
    choice.addEventListener("change", apply);
    apply();
    (box.closest(".window") ?? box).before(tools);
  };

  const makeSortable = (table) => {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = make("button", { type: "button" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        [...table.tHead.rows[0].cells].forEach((cell) => cell.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => row.cells[column].dataset.sort ?? text(row.cells[column]);
        [...body.rows]
          .sort((a, b) => key(a).localeCompare(key(b), "en", { numeric: true }) * (up ? 1 : -1))
          .forEach((row) => body.append(row));
      });
    });
  };

  document.querySelectorAll("table[data-tools]").forEach((table) => {
    makeSortable(table);
    makeTools(table, [...table.tBodies[0].rows], (row) => row.dataset.key ?? "");
  });
  document.querySelectorAll("div[data-tools]").forEach((box) => {
    makeTools(box, [...box.children], (item) => item.dataset.key ?? "");
  });

  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((fold) => { fold.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((fold) => { fold.open = false; }));
})();
