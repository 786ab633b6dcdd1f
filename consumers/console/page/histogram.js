/* How latencies are spread: production and candidate over each other, and beside it the paired
 * difference, request by request. */
import {get, path} from "/static/api.js";
import {fill, h, svg, table} from "/static/dom.js";
import * as bins from "/static/bins.js";
import * as colours from "/static/colours.js";
import * as format from "/static/format.js";
import * as url from "/static/url.js";

const METRICS = [["model_latency", "Model latency"], ["overhead_latency", "Overhead latency"], ["queue", "Queue"]];
const WIDE = 560, NARROW = 330, HEIGHT = 230, LEFT = 46, BOTTOM = 26, TOP = 8, RIGHT = 8;

export class Histogram {
	constructor(name) {
		this.name = name;
		this.select = h("select", {onchange: () => url.change({histogram: this.select.value === "model_latency" ? null : this.select.value})},
			METRICS.map(([word, title]) => h("option", {value: word}, title)));
		this.spread = h("section", {class: "card histogram", "aria-label": "Distribution"});
		this.difference = h("section", {class: "card histogram", "aria-label": "Paired difference"});
		this.element = h("div", null,
			h("div", {class: "controls"}, h("label", null, "Distribution of ", this.select)),
			h("div", {class: "pair"}, this.spread, this.difference));
	}

	async update({stretch, population}, query, test) {
		const metric = METRICS.some(([word]) => word === query.get("histogram")) ? query.get("histogram") : "model_latency";
		const is_compared = metric === "model_latency" && population === "compared";
		this.select.value = metric;
		this.newest?.abort();
		this.newest = new AbortController();
		const ask = (question) => get(path("tests", this.name, "histogram"), {...stretch, ...question}, this.newest.signal);
		const [spread, difference] = await Promise.all([
			ask({metric, population: metric === "model_latency" ? population : null}),
			ask({metric: "latency_difference"}),
		]);
		const title = `${METRICS.find(([word]) => word === metric)[1]}, ${is_compared ? "same requests" : "all requests"}`;
		fill(this.spread, {title, columns: spread.columns}, () => make(title, spread.columns, "logarithmic"));
		fill(this.difference, {columns: difference.columns}, () =>
			make(`Paired difference: ${test.candidates.join(", ")} less production`, difference.columns, "linear"));
	}

	close() {
		this.newest?.abort();
	}
}

function make(title, columns, scale) {
	const filled = columns.filter((column) => column.count > 0);
	if (filled.length === 0)
		return [h("h3", null, title), h("p", {class: "no-data"}, "No data in this range.")];
	const names = filled.map((column) => colours.title(column, filled));
	const classes = colours.classes(filled);
	const binned = bins.make(filled.map((column) => column.buckets), scale);
	const told = filled.map((column, i) => `${names[i]}: ${describe(column, scale)}`);
	return [
		h("h3", null, title),
		h("ul", {class: "legend"}, filled.map((column, i) => h("li", null, colours.key(classes[i]),
			`${names[i]}, ${format.count(column.count)} requests`))),
		picture(binned, classes, `${title}. ${told.join(". ")}`),
		scale === "linear" ? told.map((text) => h("p", {class: "small"}, text)) : null,
		binned.outside > 0 ? h("p", {class: "small"}, `${format.count(binned.outside)} beyond the picture's edges.`) : null,
		h("details", null, h("summary", null, "Table", h("span", {class: "hidden-text"}, ` of ${title}`)), numbers(title, binned, names)),
	];
}

function describe(column, scale) {
	if (scale === "logarithmic")
		return `median ${format.duration(bins.quantile(column.buckets, 0.5))}, p99 ${format.duration(bins.quantile(column.buckets, 0.99))}`;
	const slower = column.buckets.reduce((n, [lower, upper, count]) => n + (lower + upper > 0 ? count : 0), 0);
	return `slower than production in ${format.percent(slower / column.count, 1)} of the requests`;
}

function numbers(title, {edges, shares}, names) {
	return table(title, [{title: "From"}, {title: "To"}, ...names.map((name) => ({title: name, class: "number"}))],
		edges.slice(0, -1).map((edge, i) => h("tr", null, h("th", {scope: "row"}, format.duration(edge)), h("td", null, format.duration(edges[i + 1])),
			shares.map((share) => h("td", {class: "number"}, format.percent(share[i]))))));
}

function picture({edges, shares, ticks, at}, classes, label) {
	/* It is scaled to its place: in a narrow one it is drawn for it, so that its words stay legible. */
	const width = matchMedia("(max-width: 40rem)").matches ? NARROW : WIDE;
	const most = Math.max(...shares.flat());
	const x = (value) => LEFT + at(value) * (width - LEFT - RIGHT);
	const y = (share) => TOP + (1 - share / most) * (HEIGHT - TOP - BOTTOM);
	const image = svg("svg", {viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label});
	for (const share of [0, most / 2, most])
		image.append(svg("line", {x1: LEFT, x2: width - RIGHT, y1: y(share), y2: y(share), class: "grid-line"}),
			text(LEFT - 4, y(share) + 4, "end", format.percent(share, 1)));
	for (const tick of width === WIDE ? ticks : ticks.filter((_, i) => i % Math.ceil(ticks.length / 5) === 0))
		image.append(svg("line", {x1: x(tick), x2: x(tick), y1: TOP, y2: HEIGHT - BOTTOM, class: tick === 0 ? "zero-line" : "grid-line"}),
			text(Math.min(x(tick), width - 22), HEIGHT - 8, "middle", short(tick)));
	shares.forEach((share, i) => image.append(svg("path", {d: steps(edges, share, x, y), class: `area ${classes[i]}`,
		"stroke-dasharray": colours.dashes(classes[i])?.join(" ") ?? "none"})));
	return image;
}

function text(x, y, anchor, words) {
	return svg("text", {x, y, "text-anchor": anchor}, words);
}

function steps(edges, share, x, y) {
	let d = `M${x(edges[0])} ${y(0)}`;
	share.forEach((s, i) => {
		d += `V${y(s).toFixed(1)}H${x(edges[i + 1]).toFixed(1)}`;
	});
	return `${d}V${y(0)}Z`;
}

function short(us) {
	const size = Math.abs(us);
	return us === 0 ? "0" : size < 1000 ? `${+us.toPrecision(3)} µs` : size < 1e6 ? `${+(us / 1e3).toPrecision(3)} ms` : `${+(us / 1e6).toPrecision(3)} s`;
}
