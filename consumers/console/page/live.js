/* What keeps the page true: the stream of changes, and a look at the console now and then that tells a
 * silent stream from a lost one. The banner says when what is shown is old. */
import {get, path} from "/static/api.js";
import * as url from "/static/url.js";
import * as format from "/static/format.js";
import {is_asking, request} from "/static/session.js";

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

/* f(change) is called at most once a second; change is null when nobody knows what has changed. With
 * each look at the console it is called with {view: "system"}. */
export function listen(f) {
	state.listener = f;
}

export function start() {
	open_stream();
	/* A page that the browser only keeps for going back must not keep one of its few connections. */
	addEventListener("pagehide", () => state.stream.abort());
	addEventListener("pageshow", (event) => {
		if (event.persisted) {
			open_stream();
			note(null);
		}
	});
	look();
	setInterval(show, 1000);
}

/* Not an EventSource: that cannot send the token. */
async function open_stream() {
	const stream = state.stream = new AbortController();
	try {
		const response = await request(path("changes"), {accept: "text/event-stream"}, () => stream.signal);
		if (response.ok)
			await follow(response.body.pipeThrough(new TextDecoderStream()).getReader());
	} catch {
		/* lost, or ended by pagehide */
	}
	if (!stream.signal.aborted)
		setTimeout(() => stream === state.stream && open_stream(), LOST_MS / 4);
}

/* Events end with an empty line; a comment says only that the stream lives. */
async function follow(reader) {
	let text = "";
	note(null);
	for (;;) {
		const {value, done} = await reader.read();
		if (done)
			return;
		const events = (text + value).split("\n\n");
		text = events.pop();
		for (const data of events.map((event) => /^data: (.*)$/m.exec(event)?.[1]))
			if (data)
				note(read(data));
	}
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
		state.listener({view: "system"});
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
		return `The console is behind: ${own_alarm() ?? "it has not read everything that Kafka has."} The newest numbers are of ${format.time(state.system.updated)} UTC.`;
	return null;
}

/* The others are of tests, by name. */
function own_alarm() {
	return state.system.alarms.find((alarm) => !alarm.startsWith("Test "));
}

/* Why the numbers of the test that is shown may be old though the console is well; null: they are not. */
function quiet() {
	const {name} = url.route();
	return state.system?.stale_tests?.find((test) => test.name === name)?.reasons[0] ?? null;
}

function show() {
	if (is_asking()) /* it answers: that it wants a token */
		state.heard = Date.now();
	const banner = document.getElementById("banner");
	const lost = staleness();
	const why = lost ?? quiet() ?? "";
	banner.hidden = !why;
	banner.classList.toggle("mild", !lost);
	document.body.classList.toggle("stale", Boolean(lost));
	if (banner.textContent !== why)
		banner.textContent = why;
	const told = is_asking() ? "" : lost ? "Stale" : `${why ? "Quiet" : "Live"}, ${newest()}`;
	const freshness = document.getElementById("freshness");
	freshness.setAttribute("aria-live", "off");
	if (freshness.textContent !== told)
		freshness.textContent = told;
}

function newest() {
	return state.system?.updated ? `data to ${format.clock(state.system.updated)} UTC` : "no data so far";
}
