/* What keeps the page true: the stream of changes, and a look at the console now and then that tells a
 * silent stream from a lost one. The banner says when what is shown is old. */
import {get, path} from "/static/api.js";
import * as format from "/static/format.js";

const LOOK_MS = 5000;
const LOST_MS = 8000;

const state = {
	heard: Date.now(), /* when the console last answered */
	system: null,
	stream: null,
	listener: () => {},
	due: null,
	untold: [], /* changes that the listener has not been told */
};

/* f(change) is called at most once a second; change is null when nobody knows what has changed. */
export function listen(f) {
	state.listener = f;
}

export function start() {
	open_stream();
	/* A page that the browser only keeps for going back must not keep one of its few connections. */
	addEventListener("pagehide", () => state.stream.close());
	addEventListener("pageshow", (event) => {
		if (event.persisted) {
			open_stream();
			note(null);
		}
	});
	look();
	setInterval(show, 1000);
}

function open_stream() {
	const stream = state.stream = new EventSource(path("changes"));
	stream.addEventListener("open", () => note(null));
	stream.addEventListener("change", (event) => note(read(event.data)));
	stream.addEventListener("error", () => {
		if (stream === state.stream && stream.readyState === EventSource.CLOSED)
			setTimeout(open_stream, LOOK_MS);
	});
}

function read(text) {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

function note(change) {
	state.untold.push(change);
	if (state.due !== null)
		return;
	state.due = setTimeout(() => {
		const changes = state.untold;
		state.due = null;
		state.untold = [];
		state.listener(together(changes));
	}, 700);
}

/* One that names no tests may concern any. */
function together(changes) {
	if (changes.some((change) => !change?.tests?.length))
		return null;
	return {...changes.at(-1), tests: changes.flatMap((change) => change.tests)};
}

async function look() {
	try {
		const was_lost = is_lost();
		state.system = await get(path("system"), {}, AbortSignal.timeout(LOOK_MS - 1000));
		state.heard = Date.now();
		if (was_lost)
			note(null);
	} catch {
		/* how long ago it was heard says it */
	}
	show();
	setTimeout(look, LOOK_MS);
}

function is_lost() {
	return Date.now() - state.heard > LOST_MS;
}

/* Why what is shown may be old; null: it is not. */
function staleness() {
	if (is_lost())
		return `No connection to the console since ${format.clock(new Date(state.heard))} UTC. What you see is from then; it goes on by itself when the console is back.`;
	if (state.system?.stale)
		return `The console is behind: ${state.system.alarms?.[0] ?? "it has not read everything that Kafka has."} The newest numbers are of ${format.time(state.system.updated)} UTC.`;
	return null;
}

function show() {
	const banner = document.getElementById("banner");
	const why = staleness();
	banner.hidden = !why;
	document.body.classList.toggle("stale", Boolean(why));
	if (banner.textContent !== (why ?? ""))
		banner.textContent = why ?? "";
	const told = why ? "Stale" : state.system?.updated ? `Live, data to ${format.clock(state.system.updated)} UTC` : "Live, no data so far";
	const freshness = document.getElementById("freshness");
	freshness.setAttribute("aria-live", "off");
	if (freshness.textContent !== told)
		freshness.textContent = told;
}
