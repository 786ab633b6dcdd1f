/* What is known of the installation: the programs seen, what is still to be read, what is wrong. */
import {get, path} from "/static/api.js";
import {fill, h, stacked, table} from "/static/dom.js";
import * as format from "/static/format.js";
import * as url from "/static/url.js";

export class SystemView {
	title = "System";

	constructor(root) {
		this.content = h("div", {class: "content"});
		root.append(h("h1", {tabindex: "-1"}, "System"), this.content);
	}

	async update() {
		this.newest?.abort();
		this.newest = new AbortController();
		const {signal} = this.newest;
		const [system, {endpoints}] = await Promise.all([get(path("system"), {}, signal), get(path("endpoints"), {}, signal)]);
		fill(this.content, {system, endpoints}, make);
	}

	close() {
		this.newest?.abort();
	}
}

function columns(texts, numbers = []) {
	return texts.map((title) => ({title, class: numbers.includes(title) ? "number" : null}));
}

function make({system, endpoints}) {
	return [
		[...new Set(system.alarms)].map((alarm) => h("p", {class: "alarm", role: "alert"}, h("strong", null, "Alarm: "), alarm)),
		system.stale_tests.map(({name, reasons}) => h("p", {class: "notice"}, h("a", {href: url.test(name)}, name), `: ${reasons.join(" ")}`)),
		h("p", null, `Version ${system.version}, generation ${system.generation} of the control log. `,
			system.updated ? `Newest numbers ${format.time(system.updated)} UTC.` : "No numbers yet."),
		h("h2", null, "Programs seen"),
		stacked(table("Programs seen", columns(["Program", "Works for", "Instance", "Host", "Last seen (UTC)"]), system.programs.map((program) =>
			h("tr", null, h("th", {scope: "row"}, program.program), h("td", null, program.role), h("td", {class: "long"}, program.instance),
				h("td", null, program.host), h("td", {class: "time"}, format.time(program.last_seen)))))),
		h("h2", null, "Still to be read"),
		h("p", {class: "small"}, "Records behind the position that a program has committed. An aggregator's stands at its oldest open window."),
		stacked(table("Lags", columns(["Program", "Works for", "Topic", "Records"], ["Records"]), system.lags.map(lag))),
		h("details", null, h("summary", null, "The console's own reading, partition by partition"),
			h("p", {class: "small"}, "The clock says up to where the windows of this partition of umbra.events are final."),
			table("Partitions", columns(["Partition", "Read to", "End", "Lag", "Clock (UTC)"], ["Read to", "End", "Lag"]), system.partitions.map((partition) =>
				h("tr", null, h("th", {scope: "row"}, String(partition.partition)), ...[partition.position, partition.end_offset, partition.lag].map((n) =>
					h("td", {class: "number"}, format.count(n))), h("td", {class: "time"}, format.time(partition.clock)))))),
		h("h2", null, "Endpoints"),
		endpoints.length ? endpoints.map(endpoint) : h("p", null, "None so far: ", h("a", {href: "/"}, "the first step")),
	];
}

function lag(facts) {
	return h("tr", null, h("th", {scope: "row"}, facts.program), h("td", null, facts.role), h("td", {class: "long"}, facts.topic),
		h("td", {class: "number"}, format.count(facts.lag), facts.why ? h("div", {class: "small"}, facts.why) : null));
}

function endpoint(facts) {
	return h("section", {class: "card"}, h("h3", null, facts.name),
		h("p", null, `Format ${facts.format}, ${facts.content_type}. Topics: ${Object.values(facts.topics).join(", ")}.`),
		h("ul", null, facts.variants.map((variant) => h("li", null, `${variant.name}, weight ${variant.weight}: `, h("code", null, variant.url)))),
		facts.tests.length ? h("p", null, "Tests: ", facts.tests.map((name, i) => [i ? ", " : "", h("a", {href: url.test(name)}, name)])) : null);
}
