/* Examples of answers that differ, side by side, with what differs marked. */
import {get, path} from "/static/api.js";
import {look, Stretch} from "/static/controls.js";
import {diff} from "/static/diff.js";
import {announce, fill, h} from "/static/dom.js";
import {Heading} from "/static/heading.js";
import * as format from "/static/format.js";
import * as url from "/static/url.js";

const LIMIT = 50;

export class MismatchesView {
	constructor(root, {name}) {
		this.name = name;
		this.title = `${name}: mismatches`;
		this.heading = new Heading(name, "mismatches");
		this.stretch = new Stretch();
		this.kinds = h("div", {class: "controls"});
		this.content = h("div", {class: "content"});
		root.append(this.heading.element, h("h2", {class: "hidden-text"}, "Examples"),
			h("div", {class: "controls", role: "group", "aria-label": "How to look at it"}, this.stretch.elements), this.kinds, this.content);
	}

	async update({query}) {
		this.newest?.abort();
		this.newest = new AbortController();
		const {signal} = this.newest;
		const kind = query.get("kind");
		const {stretch} = look(query, await get(path("tests", this.name), {}, signal));
		const answer = await get(path("tests", this.name, "mismatches"), {kind, ...stretch, limit: LIMIT}, signal);
		this.heading.update(query);
		this.stretch.update(query, stretch);
		fill(this.kinds, {kinds: answer.kinds, kind}, make_kinds);
		fill(this.content, {answer, kind}, make_examples);
	}

	close() {
		this.newest?.abort();
	}
}

function make_kinds({kinds, kind}) {
	const button = (word, text) => h("button", {type: "button", "aria-pressed": String(word === kind), onclick: () => url.change({kind: word})}, text);
	const total = Object.values(kinds).reduce((sum, n) => sum + n, 0);
	return h("div", {class: "buttons", role: "group", "aria-label": "Kind of difference"}, button(null, `All (${format.count(total)})`),
		Object.entries(kinds).map(([word, n]) => button(word, `${format.words(word)} (${format.count(n)})`)));
}

function make_examples({answer, kind}) {
	if (answer.examples.length === 0)
		return h("p", null, kind ? "There is no example of this kind." : "There are no examples: no compared answers differ, or none were kept.");
	return answer.examples.map(example);
}

function example(facts) {
	const {source} = facts;
	const place = `${source.topic}/${source.partition}/${source.offset}`;
	const [production, candidate] = diff(facts.production ?? "", facts.candidate ?? "");
	return h("article", {class: "card example", "aria-label": `Request ${facts.request_id}`},
		h("div", {class: "about"},
			h("p", null, h("strong", null, format.words(facts.kind)), ` · ${facts.variant} · ${format.time(facts.time)} UTC · request `,
				h("code", null, facts.request_id)),
			h("p", null, h("code", null, place), " ", copy_button(place))),
		h("div", {class: "sides"},
			side("production", "production", facts.production, production), side("shadow", facts.variant, facts.candidate, candidate)),
		facts.truncated ? h("p", {class: "small"}, "The answers are longer than what is kept of them.") : null);
}

function side(role, name, text, parts) {
	return h("div", null, h("h3", {class: role}, h("span", {class: `swatch ${role}-0`, "aria-hidden": "true"}), name),
		text === null || text === undefined ? h("p", {class: "no-data"}, "No answer was kept.")
			: h("pre", {tabindex: "0", "aria-label": `Answer of ${name}`}, parts.map((part) => part.differs ? h("mark", null, part.text) : part.text)));
}

function copy_button(place) {
	const button = h("button", {type: "button", class: "quiet", onclick: async () => {
		try {
			await navigator.clipboard.writeText(place);
			button.textContent = "Copied";
			announce(`Copied ${place}`);
		} catch {
			getSelection().selectAllChildren(button.previousElementSibling);
			button.textContent = "Selected: copy it by hand";
		}
	}}, "Copy the request's place");
	return button;
}
