/* Production and shadow have the same two colours everywhere, a blue and an orange that every eye tells
 * apart; their shades stand in style.css. Several of one role get neighbours of it. */

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
