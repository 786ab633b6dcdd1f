/* What stands above each view of a test: its name, and the way to the other views. */
import {h} from "/static/dom.js";
import * as url from "/static/url.js";

const VIEWS = {test: ["", "Overview"], mismatches: ["mismatches", "Mismatches"], settings: ["settings", "Settings and history"]};

export class Heading {
	constructor(name, view) {
		this.name = name;
		this.links = Object.entries(VIEWS).map(([key, [, title]]) =>
			h("a", {"aria-current": key === view ? "page" : null, data: {view: key}}, title));
		this.element = h("div", {class: "heading"}, h("h1", {tabindex: "-1"}, name),
			h("nav", {"aria-label": "Of this test", class: "tabs"}, this.links));
		this.update(new URLSearchParams());
	}

	update(query) {
		for (const link of this.links)
			link.href = url.test(this.name, VIEWS[link.dataset.view][0], query);
	}
}
