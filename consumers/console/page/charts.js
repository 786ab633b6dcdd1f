/* The grid of charts of a test. They share the crosshair and the stretch of time. Only those that can be
 * seen ask for their numbers. */
import {get, isAbort, path} from "/static/api.js";
import {Chart} from "/static/chart.js";
import {h} from "/static/dom.js";
import * as url from "/static/url.js";

const LEAST_ZOOM_MS = 20000;
const NO_METRICS = "No variant names its Prometheus page (metrics = { url = … }).";

/* latency: it has the statistic that is chosen; compared: it is known for the same requests. */
const CHARTS = [
	{metric: "invocations", title: "Invocations", description: "Calls of each model"},
	{metric: "model_latency", title: "Model latency", latency: true, compared: true, description: "Request sent to last byte received"},
	{metric: "agreement", title: "Agreement", description: "Share of compared answers that match"},
	{metric: "latency_difference", title: "Paired latency difference", latency: true, description: "Candidate less production, request by request"},
	{metric: "overhead_latency", title: "Overhead latency", latency: true, description: "Record read to answer written, less the model"},
	{metric: "queue", title: "Queue", latency: true, description: "Waiting for a free slot of the model"},
	{metric: "errors_4xx", title: "Errors 4xx", description: "Calls answered 400 to 499"},
	{metric: "errors_5xx", title: "Errors 5xx", description: "Calls answered 500 to 599"},
	{metric: "errors_other", title: "Other failures", description: "Timeouts, no connection, no HTTP"},
	{metric: "losses", title: "Losses by reason", nothing: "Nothing was lost in this range.", description: "Copies for which the candidate was never asked"},
	{metric: "invocations_per_instance", title: "Invocations per instance", description: "Calls divided by the variant's instances"},
	{metric: "cpu", title: "CPU of the model hosts", load: true, description: "From each variant's Prometheus page"},
	{metric: "memory", title: "Memory of the model hosts", load: true, description: "From each variant's Prometheus page"},
	{metric: "disk", title: "Disk of the model hosts", load: true, description: "From each variant's Prometheus page"},
];

export const STATISTICS = ["average", "p50", "p90", "p99", "p99.9", "max", "min", "sum", "count"];

export class Charts {
	constructor(name) {
		this.name = name;
		this.cells = CHARTS.map((about) => ({about, chart: new Chart(about, this), asked: null, seen: false}));
		this.element = h("div", {class: "grid"}, this.cells.map(({chart}) => chart.element));
		this.watch = new IntersectionObserver((entries) => this.see(entries), {rootMargin: "200px"});
		for (const {chart} of this.cells)
			this.watch.observe(chart.element);
		this.repaint = () => this.cells.forEach(({chart}) => chart.repaint());
		addEventListener("theme", this.repaint);
	}

	/* look: {stretch: {from, to, last}, statistic, population, from_zero}; version: changes with the data. */
	update(look, version) {
		this.look = look;
		this.version = version;
		return Promise.all(this.cells.filter(({seen}) => seen).map((cell) => this.load(cell)));
	}

	see(entries) {
		for (const entry of entries) {
			const cell = this.cells.find(({chart}) => chart.element === entry.target);
			cell.seen = entry.isIntersecting;
			if (cell.seen && this.look)
				this.load(cell);
		}
	}

	async load(cell) {
		const {about, chart} = cell;
		const question = this.question(about);
		const key = JSON.stringify([question, this.look.from_zero]);
		if (cell.asked === key && (cell.version === this.version || cell.is_loading))
			return;
		Object.assign(cell, {asked: key, version: this.version, is_loading: true});
		cell.newest?.abort();
		cell.newest = new AbortController();
		try {
			this.draw(cell, await get(path("tests", this.name, "series"), question, cell.newest.signal));
		} catch (error) {
			if (isAbort(error))
				return;
			cell.asked = null;
			chart.fail(error.status ? error.message : "No answer from the console.");
		}
		cell.is_loading = false;
		if (cell.asked && cell.seen && cell.version !== this.version)
			await this.load(cell);
	}

	draw({about, chart}, data) {
		const nothing = about.load && data.columns.length === 0 ? NO_METRICS : about.nothing ?? "No data in this range.";
		chart.draw(data, {subtitle: this.subtitle(about, data), from_zero: this.look.from_zero, nothing});
	}

	question(about) {
		const {stretch, statistic, population} = this.look;
		return {
			metric: about.metric,
			...stretch,
			statistic: about.latency ? statistic : null,
			population: about.compared ? population : null,
		};
	}

	subtitle(about, data) {
		const parts = [about.latency || about.load ? data.statistic : null];
		if (about.compared || about.metric === "latency_difference")
			parts.push(about.metric === "latency_difference" || this.look.population === "compared" ? "same requests" : "all requests");
		const text = parts.filter(Boolean).join(", ");
		return text || (data.unit === "ratio" ? "of the compared answers" : "number");
	}

	/* What the charts ask of their group. */

	select(ms) {
		for (const {chart} of this.cells)
			chart.select(ms);
	}

	zoom(from_ms, to_ms) {
		if (to_ms - from_ms < LEAST_ZOOM_MS) {
			const middle = (from_ms + to_ms) / 2;
			[from_ms, to_ms] = [middle - LEAST_ZOOM_MS / 2, middle + LEAST_ZOOM_MS / 2];
		}
		const iso = (ms) => new Date(Math.max(0, Math.round(ms / 1000) * 1000)).toISOString().replace(".000", "");
		url.change({from: iso(from_ms), to: iso(Math.min(to_ms, Date.now() + LEAST_ZOOM_MS))});
	}

	reset() {
		url.change({from: null, to: null});
	}

	close() {
		removeEventListener("theme", this.repaint);
		this.watch.disconnect();
		for (const {chart, newest} of this.cells) {
			newest?.abort();
			chart.close();
		}
	}
}
