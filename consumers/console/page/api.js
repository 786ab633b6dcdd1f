/* The REST interface. A newer question of the same kind ends the older one. */
import {request} from "/static/session.js";

export class Problem extends Error {
	constructor(status, title, detail) {
		super(detail || title);
		this.status = status;
	}
}

const TIMEOUT_MS = 10000;

/* get("tests", name, "series"): each part of the path is encoded. */
export function path(...parts) {
	return `/api/v1/${parts.map(encodeURIComponent).join("/")}`;
}

/* parameters: those without a value are left out. Throws Problem, or TypeError without a connection. */
export async function get(where, parameters = {}, signal = undefined) {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(parameters))
		if (value !== null && value !== undefined && value !== "")
			query.set(name, value);
	const address = query.size ? `${where}?${query}` : where;
	const limit = () => AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]);
	const response = await request(address, {accept: "application/json"}, limit);
	if (response.ok)
		return response.json();
	const problem = await response.json().catch(() => ({}));
	throw new Problem(response.status, problem.title ?? `The console answered ${response.status}.`, problem.detail);
}

export function isAbort(error) {
	return error.name === "AbortError";
}
