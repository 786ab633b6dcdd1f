/* One chart: the lines, their names and the values at the crosshair, a table with the same numbers. */
import {announce, fill, h, table} from "/static/dom.js";
import * as colours from "/static/colours.js";
import * as format from "/static/format.js";

const PAGE_ROWS = 10;
const MANY_POINTS = 60; /* from here on points would hide their line */

/* The legend is our own: names are text there, and dygraphs' has inline styles, which the page forbids. */
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

/* Touch scrolls the page; zoom is for a mouse, the keys and the range buttons. */
function interaction(on_double) {
	const model = {...Dygraph.defaultInteractionModel, dblclick: on_double};
	for (const name of ["touchstart", "touchmove", "touchend"])
		delete model[name];
	return model;
}

export class Chart {
	/* group: select(ms, chart), zoom(from_ms, to_ms), reset(); description: what the numbers are. */
	constructor({metric, title, description}, group) {
		Object.assign(this, {metric, title, group, selected_ms: null});
		this.plot = h("div", {class: "plot"});
		this.line = h("div", {class: "crosshair", hidden: true});
		this.subtitle = h("p", {class: "small"});
		this.legend = h("ul", {class: "legend"});
		this.empty = h("p", {class: "no-data", hidden: true});
		this.failed = h("p", {class: "failed", hidden: true});
		this.figure = h("div", {class: "figure", role: "application", tabindex: "0", "aria-roledescription": "chart", "aria-label": title,
			onkeydown: (event) => this.press(event), onblur: () => group.select(null, this)}, this.plot, this.line, this.empty);
		this.rows = h("div");
		this.details = h("details", {ontoggle: () => this.show_table()}, h("summary", null, "Table", h("span", {class: "hidden-text"}, ` of ${title}`)), this.rows);
		this.element = h("section", {class: "card chart", data: {metric}, "aria-label": title},
			h("h3", {title: description}, title), this.subtitle, this.legend, this.failed, this.figure, this.details);
	}

	/* The API's answer; subtitle: how it is looked at; nothing: what an answer without values means. */
	draw(data, {subtitle, from_zero, nothing}) {
		this.data = data;
		this.from_zero = from_zero;
		this.subtitle.textContent = `${subtitle}, per ${format.step(data.step_us)}`;
		this.classes = colours.classes(data.columns);
		this.titles = data.columns.map((column) => colours.title(column, data.columns));
		const has_values = data.points.some((point) => point.slice(1).some((v) => v !== null));
		this.failed.hidden = true;
		this.empty.textContent = nothing;
		this.empty.hidden = has_values;
		this.plot.hidden = !has_values;
		this.element.classList.toggle("has-data", has_values);
		if (has_values)
			this.plot_lines();
		this.select(this.selected_ms);
		this.figure.setAttribute("aria-label", this.spoken());
		this.show_table();
	}

	/* No answer came. What was drawn before stays, with what it was looked at as. */
	fail(text) {
		this.failed.textContent = text;
		this.failed.hidden = false;
	}

	plot_lines() {
		const {data} = this;
		const options = {
			file: data.points.map(([ms, ...values]) => [new Date(ms), ...values]),
			labels: ["time", ...data.columns.map((_, i) => String(i))],
			colors: this.classes.map(colours.of_class),
			dateWindow: this.stretch(),
			series: Object.fromEntries(this.classes.map((name, i) => [String(i), style(name)])),
			drawPoints: data.points.length <= MANY_POINTS,
			includeZero: this.from_zero,
			labelsKMG2: data.unit === "bytes", /* so that ticks are round in KiB */
			axisLineColor: colours.read("--line"),
			gridLineColor: colours.read("--line"),
		};
		if (this.dygraph && this.drawn_columns === data.columns.length) {
			this.dygraph.updateOptions(options);
			return;
		}
		this.dygraph?.destroy();
		this.drawn_columns = data.columns.length;
		const {file, ...others} = options;
		this.dygraph = new Dygraph(this.plot, file, {...this.fixed_options(), ...others});
		this.plot.removeAttribute("title");
	}

	/* What is seen, in ms: all that was asked for, the step in which it begins, and room for a point. */
	stretch() {
		const {from, to, step_us, points} = this.data;
		const start = Math.min(Date.parse(from), points[0][0]);
		const end = Math.max(Date.parse(to), Date.parse(from) + step_us / 1000);
		const room = (end - start) * 0.012;
		return [start - room, end + room];
	}

	fixed_options() {
		const show = (number) => format.value(number, this.data.unit);
		return {
			labelsUTC: true,
			strokeWidth: 2,
			drawGapEdgePoints: true,
			pointSize: 3,
			highlightCircleSize: 4,
			resizable: "passive",
			xRangePad: 0,
			interactionModel: interaction(() => this.group.reset()),
			zoomCallback: (from, to) => this.group.zoom(from, to),
			highlightCallback: (_, ms) => this.group.select(ms, this),
			unhighlightCallback: () => this.group.select(null, this),
			axes: {
				y: {axisLabelFormatter: (number) => axis(number, this.data.unit), valueFormatter: show, axisLabelWidth: 62},
				x: {axisLabelWidth: 66, pixelsPerLabel: 85},
			},
		};
	}

	/* The crosshair of all charts stands at this time, also when newer numbers come; null: nowhere. */
	select(ms) {
		this.selected_ms = ms;
		const at = ms === null || !this.data ? -1 : this.nearest(ms);
		this.selected = at < 0 ? null : at;
		this.show_legend(this.selected);
		this.line.hidden = this.selected === null || this.plot.hidden;
		if (!this.dygraph || this.plot.hidden)
			return;
		if (this.selected === null) {
			this.dygraph.clearSelection();
			return;
		}
		this.dygraph.setSelection(at);
		this.line.style.left = `${this.dygraph.toDomXCoord(this.data.points[at][0])}px`;
	}

	nearest(ms) {
		const {points} = this.data;
		let best = -1;
		for (let i = 0; i < points.length; i++)
			if (best < 0 || Math.abs(points[i][0] - ms) < Math.abs(points[best][0] - ms))
				best = i;
		return best;
	}

	show_legend(at) {
		const point = at === null ? null : this.data?.points[at];
		const key = {titles: this.titles, classes: this.classes, point, unit: this.data?.unit};
		fill(this.legend, key, () => (this.titles ?? []).map((title, i) => h("li", null,
			colours.key(this.classes[i]), title,
			point ? h("b", null, ` ${format.value(point[i + 1], this.data.unit)}`) : null)).concat(
			point ? h("li", {class: "at"}, `at ${format.time(new Date(point[0]))}`) : []));
	}

	spoken() {
		const parts = this.titles.map((title, i) => {
			const values = this.data.points.map((point) => point[i + 1]).filter((v) => v !== null);
			return values.length === 0 ? `${title}: no data`
				: `${title}: from ${format.value(Math.min(...values), this.data.unit)} to ${format.value(Math.max(...values), this.data.unit)}`;
		});
		return `${this.title}, ${this.subtitle.textContent}. ${parts.join(". ")}. Arrow keys move along the line, plus and minus zoom, 0 shows all.`;
	}

	press(event) {
		const moves = {ArrowLeft: -1, ArrowRight: 1, PageUp: -PAGE_ROWS, PageDown: PAGE_ROWS, Home: -Infinity, End: Infinity};
		if (event.ctrlKey || event.altKey || event.metaKey || !this.data?.points.length)
			return;
		if (event.key in moves)
			this.move(moves[event.key]);
		else if (event.key === "+" || event.key === "=")
			this.zoom_by(0.25);
		else if (event.key === "-")
			this.zoom_by(1);
		else if (event.key === "0" || event.key === "Escape")
			this.group.reset();
		else
			return;
		event.preventDefault();
	}

	move(rows) {
		const last = this.data.points.length - 1;
		const start = this.selected ?? (rows < 0 ? last + 1 : -1);
		const at = Math.min(last, Math.max(0, start + rows));
		this.group.select(this.data.points[at][0], this);
		announce(`${format.time(new Date(this.data.points[at][0]))}: ${this.titles.map((title, i) =>
			`${title} ${format.value(this.data.points[at][i + 1], this.data.unit)}`).join(", ")}`);
	}

	/* The half-width around the crosshair as a part of what is seen. */
	zoom_by(part) {
		const from = Date.parse(this.data.from), to = Date.parse(this.data.to);
		const middle = this.selected === null || this.selected === undefined ? (from + to) / 2 : this.data.points[this.selected][0];
		this.group.zoom(middle - (to - from) * part, middle + (to - from) * part);
	}

	show_table() {
		if (!this.details.open || !this.data)
			return;
		fill(this.rows, this.data, ({points, columns, unit}) => table(`${this.title}, ${this.subtitle.textContent}`,
			[{title: "Time (UTC)"}, ...columns.map((_, i) => ({title: this.titles[i], class: "number"}))],
			points.map(([ms, ...values]) => h("tr", null, h("th", {scope: "row"}, format.time(new Date(ms))),
				values.map((v) => h("td", {class: "number"}, format.value(v, unit)))))));
	}

	/* Colours may have changed. */
	repaint() {
		if (this.data && this.dygraph && !this.plot.hidden)
			this.plot_lines();
	}

	close() {
		this.dygraph?.destroy();
		this.dygraph = null;
	}
}

/* How dygraphs draws a column: its dashes, and the form of its points. */
function style(name) {
	const square = (g, series, context, x, y, colour, size) => {
		context.fillStyle = colour;
		context.fillRect(x - size, y - size, 2 * size, 2 * size);
	};
	const circle = (g, series, context, x, y, colour, size) => {
		context.beginPath();
		context.fillStyle = colour;
		context.arc(x, y, size, 0, 2 * Math.PI);
		context.fill();
	};
	const point = colours.is_square(name) ? square : circle;
	return {strokePattern: colours.dashes(name), drawPointCallback: point, drawHighlightPointCallback: point};
}

function axis(number, unit) {
	switch (unit) {
	case "us":
		if (number === 0)
			return "0";
		return Math.abs(number) < 1000 ? `${+number.toPrecision(3)} µs`
			: Math.abs(number) < 1e6 ? `${+(number / 1e3).toPrecision(3)} ms` : `${+(number / 1e6).toPrecision(4)} s`;
	case "ratio": return `${+(number * 100).toPrecision(4)} %`;
	case "percent": return `${+number.toPrecision(4)} %`;
	case "bytes": return format.bytes(number).replace(".0 ", " ");
	default: return number.toLocaleString("en-US", {maximumSignificantDigits: 4});
	}
}
