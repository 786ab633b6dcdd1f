/* How a test is looked at: the stretch of time, the statistic, which requests. All of it stands in the
 * address. */
import {fill, h} from "/static/dom.js";
import {STATISTICS} from "/static/charts.js";
import * as format from "/static/format.js";
import * as url from "/static/url.js";

const RANGES = [["15m", "15 min", 900], ["1h", "1 h", 3600], ["6h", "6 h", 21600], ["1d", "1 d", 86400],
	["7d", "7 d", 604800], ["30d", "30 d", 2592000], ["all", "All", 0]];
const POPULATIONS = [["compared", "Same requests"], ["all", "All requests"]];

export function is_over({state}) {
	return ["completed", "cancelled", "failed"].includes(state);
}

/* What the query says, with its defaults. Of an ended test the last hour is that before its end. */
export function look(query, test) {
	const population = POPULATIONS.some(([word]) => word === query.get("population")) ? query.get("population") : "compared";
	const statistic = STATISTICS.includes(query.get("statistic")) ? query.get("statistic") : "p50";
	return {stretch: stretch(query, is_over(test) ? test.end : null), population, statistic, from_zero: query.get("zero") !== "no"};
}

function is_time(text) {
	return text && !Number.isNaN(Date.parse(text));
}

function stretch(query, end) {
	if (is_time(query.get("from")) && is_time(query.get("to")))
		return {from: query.get("from"), to: query.get("to")};
	const range = RANGES.find(([word]) => word === query.get("range"));
	if (!range || range[0] === "all")
		return {};
	return end ? {last: range[0], to: end} : {last: range[0]};
}

/* The range buttons, and what is zoomed to. */
export class Stretch {
	constructor() {
		this.ranges = buttons("Range", RANGES, (word) => url.change({range: word === "all" ? null : word, from: null, to: null}));
		this.zoomed = h("p", {class: "zoomed", hidden: true});
		this.elements = [this.ranges.element, this.zoomed];
	}

	update(query, {from, to}) {
		const range = RANGES.some(([word]) => word === query.get("range")) ? query.get("range") : "all";
		this.ranges.mark(from ? null : range);
		this.zoomed.hidden = !from;
		if (from)
			fill(this.zoomed, {from, to}, () => [`${format.time(from)} to ${format.time(to)} UTC `,
				h("button", {type: "button", onclick: () => url.change({from: null, to: null})}, "Zoom out")]);
	}
}

export class Controls {
	constructor() {
		this.stretch = new Stretch();
		this.populations = buttons("Which requests", POPULATIONS, (word) => url.change({population: word === "compared" ? null : word}));
		this.statistic = h("select", {id: "statistic", onchange: () =>
			url.change({statistic: this.statistic.value === "p50" ? null : this.statistic.value})},
		STATISTICS.map((word) => h("option", {value: word}, word)));
		this.zero = h("input", {type: "checkbox", onchange: () => url.change({zero: this.zero.checked ? null : "no"})});
		this.element = h("div", {class: "controls", role: "group", "aria-label": "How to look at it"}, this.stretch.elements, this.populations.element,
			h("label", null, "Latencies as ", this.statistic), h("label", null, this.zero, " Axes from zero"));
	}

	update(query, {statistic, population, from_zero, stretch}) {
		this.stretch.update(query, stretch);
		this.populations.mark(population);
		this.statistic.value = statistic;
		this.zero.checked = from_zero;
	}
}

function buttons(label, words, choose) {
	const all = words.map(([word, text]) => h("button", {type: "button", "aria-pressed": "false", data: {word}, onclick: () => choose(word)}, text));
	return {
		element: h("div", {class: "buttons", role: "group", "aria-label": label}, all),
		mark(chosen) {
			for (const button of all)
				button.setAttribute("aria-pressed", String(button.dataset.word === chosen));
		},
	};
}
