/* Elements are made here and nowhere else. Text becomes text nodes: whatever a name or an answer holds,
 * it is never read as HTML. */

/* h("a", {href: "/", class: "x", onclick: f, data: {fact: "y"}}, "text", element, [more]) */
export function h(name, attributes, ...children) {
	const element = document.createElement(name);
	for (const [key, value] of Object.entries(attributes ?? {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (key.startsWith("on"))
			element.addEventListener(key.slice(2), value);
		else if (key === "data")
			Object.assign(element.dataset, value);
		else
			element.setAttribute(key, value === true ? "" : value);
	}
	element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
	return element;
}

export function svg(name, attributes, ...children) {
	const element = document.createElementNS("http://www.w3.org/2000/svg", name);
	for (const [key, value] of Object.entries(attributes ?? {}))
		element.setAttribute(key, value);
	element.append(...children);
	return element;
}

/* New content, only when what it is made of has changed: focus and selection stay where they are. */
export function fill(element, facts, make) {
	const key = JSON.stringify(facts);
	if (element.madeOf === key)
		return;
	element.madeOf = key;
	element.replaceChildren(...[make(facts)].flat(Infinity).filter(Boolean));
}

/* A table that scrolls sideways by itself when it is too wide, by keyboard too. */
export function table(label, columns, rows) {
	const header = columns.map((column) =>
		column.title === "" ? h("td") : h("th", {scope: "col", class: column.class}, column.title));
	return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": label},
		h("table", null,
			h("caption", {class: "hidden-text"}, label),
			h("thead", null, h("tr", null, header)),
			h("tbody", null, rows)));
}

/* Where it is narrow, each row of this table is a block of named values. The roles say what a browser
 * would then no longer take for a table. */
export function stacked(element) {
	const titles = [...element.querySelectorAll("thead tr > *")].map((head) => head.textContent);
	element.classList.add("stacked");
	for (const [selector, role] of [["table", "table"], ["tbody", "rowgroup"], ["tbody tr", "row"], ["tbody th", "rowheader"], ["tbody td", "cell"]])
		for (const part of element.querySelectorAll(selector))
			part.setAttribute("role", role);
	for (const row of element.querySelectorAll("tbody tr"))
		[...row.cells].forEach((cell, i) => {
			cell.dataset.label = titles[i];
		});
	return element;
}

export function announce(text) {
	document.getElementById("announce").textContent = text;
}
