/* What is known of the installation: the programs seen, what is still to be read, what is wrong. */
import {get, path} from "/static/api.js";
import {fill, h, table} from "/static/dom.js";
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

function make({system, endpoints}) {
	return [
		[...new Set(system.alarms)].map((alarm) => h("p", {class: "alarm", role: "alert"}, h("strong", null, "Alarm: "), alarm)),
		h("p", null, `Version ${system.version}, generation ${system.generation} of the control log. `,
			system.updated ? `Newest numbers ${format.time(system.updated)} UTC.` : "No numbers yet."),
		h("h2", null, "Programs seen"),
		table("Programs seen", ["Program", "Instance", "Last seen (UTC)"].map((title) => ({title})), system.programs.map((program) =>
			h("tr", null, h("th", {scope: "row"}, program.program), h("td", null, program.instance), h("td", null, format.time(program.last_seen))))),
		h("h2", null, "Reading umbra.aggregates"),
		h("p", {class: "small"}, "The clock says up to where the windows of this partition of umbra.events are final."),
		table("Partitions", [{title: "Partition"}, ...["Read to", "End", "Lag"].map((title) => ({title, class: "number"})), {title: "Clock (UTC)"}], system.partitions.map((partition) =>
			h("tr", null, h("th", {scope: "row"}, String(partition.partition)), ...[partition.position, partition.end_offset, partition.lag].map((n) =>
				h("td", {class: "number"}, format.count(n))), h("td", null, format.time(partition.clock))))),
		h("h2", null, "Endpoints"),
		endpoints.length ? endpoints.map(endpoint) : h("p", null, "None so far: ", h("a", {href: "/"}, "the first step")),
	];
}

function endpoint(facts) {
	return h("section", {class: "card"}, h("h3", null, facts.name),
		h("p", null, `Format ${facts.format}, ${facts.content_type}. Topics: ${Object.values(facts.topics).join(", ")}.`),
		h("ul", null, facts.variants.map((variant) => h("li", null, `${variant.name}, weight ${variant.weight}: `, h("code", null, variant.url)))),
		facts.tests.length ? h("p", null, "Tests: ", facts.tests.map((name, i) => [i ? ", " : "", h("a", {href: url.test(name)}, name)])) : null);
}
