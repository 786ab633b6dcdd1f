/* Every test: its state, how far it is, what was compared, and in a word how it stands. */
import {get, path} from "/static/api.js";
import {fill, h, stacked, table} from "/static/dom.js";
import * as format from "/static/format.js";
import * as url from "/static/url.js";
import {first_step, first_test} from "/static/empty.js";

const STATES = ["created", "running", "completed", "cancelled", "failed"];
const SORTS = {name: "Test", status: "State", created: "Created", modified: "Changed"};
const TYPING_MS = 250;

export class ListView {
	title = "Tests";

	constructor(root, route) {
		this.content = h("div", {class: "content"});
		this.search = h("input", {type: "search", id: "search", autocomplete: "off", value: route.query.get("name_contains"),
			oninput: () => this.type()});
		this.status = select("status", "State", ["", ...STATES], (word) => word || "all", "status");
		this.sort = select("sort", "Sorted by", Object.keys(SORTS), (word) => SORTS[word].toLowerCase(), "sort_by");
		this.order = select("order", "Order", ["asc", "desc"], (word) => word === "asc" ? "ascending" : "descending", "order");
		root.append(h("h1", {tabindex: "-1"}, "Tests"),
			h("form", {class: "controls", role: "search", onsubmit: (event) => event.preventDefault()},
				h("label", null, "Name contains ", this.search),
				this.status.label, this.sort.label, this.order.label),
			this.content);
	}

	type() {
		clearTimeout(this.typing);
		this.typing = setTimeout(() => url.change({name_contains: this.search.value, page_token: null}, {replace: true}), TYPING_MS);
	}

	async update({query}) {
		for (const control of [this.status, this.sort, this.order])
			control.show(query);
		const question = {};
		for (const key of ["name_contains", "status", "sort_by", "order", "endpoint", "page_token", "max_results",
			"created_after", "created_before", "modified_after", "modified_before"])
			question[key] = query.get(key);
		this.newest?.abort();
		this.newest = new AbortController();
		const answer = await get(path("tests"), question, this.newest.signal);
		const is_filtered = query.size > 0;
		const endpoints = answer.tests.length || is_filtered ? [] : (await get(path("endpoints"))).endpoints;
		fill(this.content, {answer, endpoints, is_filtered}, make_content);
	}

	close() {
		clearTimeout(this.typing);
		this.newest?.abort();
	}
}

function select(id, title, words, text, parameter) {
	const element = h("select", {id, onchange: () => url.change({[parameter]: element.value, page_token: null}, {replace: true})},
		words.map((word) => h("option", {value: word}, text(word))));
	return {
		label: h("label", null, `${title} `, element),
		show(query) {
			element.value = query.get(parameter) ?? words[0];
		},
	};
}

function make_content({answer, endpoints, is_filtered}) {
	if (answer.tests.length)
		return [tests(answer.tests), more(answer.next_page_token)];
	if (is_filtered)
		return h("p", null, "No test fits. ", h("a", {href: "/"}, "Show all tests"));
	return endpoints.length ? first_test(endpoints) : first_step();
}

function more(token) {
	return token && h("p", null, h("button", {type: "button", onclick: () => url.change({page_token: token})}, "Next tests"));
}

const COLUMNS = ["Test", "State", "Endpoint", "Candidate", "Sampling", "Progress", "Compared", "Agreement", "Health"];
const NUMBERS = ["Sampling", "Compared", "Agreement"];

function tests(list) {
	return stacked(table("Tests", COLUMNS.map((title) => ({title, class: NUMBERS.includes(title) ? "number" : null})), list.map(row)));
}

function row(test) {
	const fact = (name, value) => ({fact: `test|${test.name}|${name}`, value});
	const cells = {
		State: test.state,
		Endpoint: test.endpoint,
		Candidate: test.candidates.join(", "),
		Sampling: `${test.sampling_percent} %`,
		Progress: progress(test),
		Compared: h("span", {data: fact("compared", test.compared)}, format.count(test.compared)),
		Agreement: h("span", {data: fact("agreement", test.agreement)}, format.percent(test.agreement)),
		Health: [health(test), h("div", {class: "small"}, test.health_reason), test.stale.map((why) => h("div", {class: "small"}, why))],
	};
	return h("tr", null, h("th", {scope: "row"}, h("a", {href: url.test(test.name)}, test.name)),
		Object.entries(cells).map(([title, content]) => h("td", {class: NUMBERS.includes(title) ? "number" : null}, content)));
}

function progress(test) {
	return [h("progress", {max: 1, value: test.progress, "aria-label": `Progress of ${test.name}`}),
		` ${(test.progress * 100).toFixed(0)} %`];
}

export function health(test) {
	const marks = {good: "✓", waiting: "…", attention: "!", broken: "✕"};
	return h("span", {class: `health ${test.health in marks ? test.health : ""}`},
		h("span", {"aria-hidden": "true"}, `${marks[test.health] ?? "?"} `), test.health);
}
