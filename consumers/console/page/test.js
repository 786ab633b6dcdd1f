/* One test: where it stands, its books, its numbers, its charts. */
import {get, path} from "/static/api.js";
import {accounting} from "/static/accounting.js";
import {Charts} from "/static/charts.js";
import {Controls, is_over, look} from "/static/controls.js";
import {fill, h} from "/static/dom.js";
import {no_data} from "/static/empty.js";
import {Heading} from "/static/heading.js";
import {Histogram} from "/static/histogram.js";
import {health} from "/static/list.js";
import {numbers} from "/static/numbers.js";
import {outcome} from "/static/outcome.js";
import {sentence} from "/static/sentence.js";
import * as format from "/static/format.js";

export class TestView {
	constructor(root, {name}) {
		this.title = this.name = name;
		this.heading = new Heading(name, "test");
		this.head = h("div", {class: "head"});
		this.controls = new Controls();
		this.outcome = h("div");
		this.books = h("div");
		this.numbers = h("div");
		this.charts = new Charts(name);
		this.histogram = new Histogram(name);
		this.body = h("div", {hidden: true}, h("h2", {class: "hidden-text"}, "Books and numbers"), this.controls.element, this.outcome,
			h("div", {class: "pair"}, h("div", null, this.books, this.histogram.element), this.numbers),
			h("h2", null, "Over time"), this.charts.element);
		this.nothing = h("div");
		root.append(this.heading.element, this.head, this.nothing, this.body);
	}

	async update({query}) {
		this.newest?.abort();
		this.newest = new AbortController();
		const {signal} = this.newest;
		const test = await get(path("tests", this.name), {}, signal);
		const chosen = look(query, test);
		const report = await get(path("tests", this.name, "report"), chosen.stretch, signal);
		this.heading.update(query);
		this.controls.update(query, chosen);
		this.show(test, report, chosen);
		/* Open windows change without a newer time: what was counted is part of the version. */
		const version = JSON.stringify([test.updated, test.generation, test.invocations, test.sampled, test.headline]);
		const tick = is_over(test) ? 0 : Math.floor(Date.now() / 30000);
		await Promise.all([this.charts.update(chosen, version + tick), this.histogram.update(chosen, query, test)]);
	}

	show(test, report, chosen) {
		const facts = {...test, definition: null};
		fill(this.head, facts, make_head);
		const is_empty = test.invocations === 0 && test.sampled === 0;
		fill(this.nothing, {is_empty, endpoint: test.endpoint}, () => is_empty ? no_data(test) : []);
		this.body.hidden = is_empty;
		const {accounting, comparison, quality, variants} = report;
		fill(this.outcome, {comparison, quality, variants}, () => test.candidates.map((candidate) => outcome(report, candidate)));
		fill(this.books, {accounting, comparison}, () => make_books(report));
		fill(this.numbers, {variants, comparison, quality, population: chosen.population}, () =>
			test.candidates.map((candidate) => numbers(report, candidate, chosen.population)));
	}

	close() {
		this.newest?.abort();
		this.charts.close();
		this.histogram.close();
	}
}

function make_head(test) {
	return [
		sentence(test),
		h("p", {class: "small"}, health(test), ` ${test.health_reason} Endpoint ${test.endpoint}: production ${test.production.join(", ")}, `,
			`candidate ${test.candidates.join(", ")}, ${test.sampling_percent} % sampled, ${format.time(test.start)} to ${format.time(test.end)} UTC. `,
			test.updated ? `Newest numbers ${format.time(test.updated)} UTC` : "No numbers yet",
			test.complete_to ? `, final to ${format.time(test.complete_to)} UTC.` : "."),
		test.alarms.map((alarm) => h("p", {class: "alarm", role: "alert"}, h("strong", null, "Alarm: "), alarm)),
	];
}

function make_books(report) {
	return report.accounting.map((account) =>
		accounting(account, report.comparison.find((c) => c.variant === account.variant && c.role === account.role)));
}
