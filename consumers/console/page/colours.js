/* Production and shadow have the same two colours everywhere, a blue and an orange that every eye tells
 * apart; their shades stand in style.css. Several of one role get neighbours of it. For eyes that see no
 * colour, production's lines are whole and its points square, a candidate's are dashed and round. */
import {svg} from "/static/dom.js";

const SHADES = 3;
const REASONS = 6;

/* The class of each column: production-0, shadow-0, shadow-1, reason-0, ... */
export function classes(columns) {
	const seen = {};
	return columns.map((column) => {
		const kind = column.reason ? "reason" : column.role === "production" ? "production" : "shadow";
		const name = column.reason ? `${column.name} ${column.reason}` : column.name;
		const names = seen[kind] ??= [];
		if (!names.includes(name))
			names.push(name);
		return `${kind}-${names.indexOf(name) % (kind === "reason" ? REASONS : SHADES)}`;
	});
}

export function of_class(name) {
	return read(`--${name}`);
}

const DASHES = {
	production: [null, [14, 3], [14, 3, 2, 3]],
	shadow: [[6, 4], [2, 3], [7, 3, 2, 3]],
	reason: [[9, 3], [2, 3], null, [9, 3, 2, 3], [5, 2], [2, 2, 9, 2]],
};

/* Of the line of a class, as [drawn, left out, ...]; null: it is whole. */
export function dashes(name) {
	const [kind, i] = name.split("-");
	return DASHES[kind][Number(i)];
}

export function is_square(name) {
	return name.startsWith("production");
}

/* The line and the point of a class, for a legend. */
export function key(name) {
	const point = is_square(name) ? svg("rect", {x: 10.5, y: 1.5, width: 7, height: 7}) : svg("circle", {cx: 14, cy: 5, r: 3.8});
	return svg("svg", {class: `key ${name}`, viewBox: "0 0 28 10", "aria-hidden": "true"},
		svg("line", {x1: 0, x2: 28, y1: 5, y2: 5, "stroke-dasharray": dashes(name)?.join(" ") ?? "none"}), point);
}

export function read(variable) {
	return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}

/* What a person calls the column. */
export function title(column, columns) {
	const is_alone = new Set(columns.map((c) => c.name)).size === 1;
	if (column.reason)
		return is_alone ? column.reason.replaceAll("_", " ") : `${column.name}: ${column.reason.replaceAll("_", " ")}`;
	return `${column.role} ${column.name}`;
}
