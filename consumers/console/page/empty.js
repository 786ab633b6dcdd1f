/* What to do first, where there is nothing to show. */
import {h} from "/static/dom.js";

const DEFINITION = `endpoints = (
  {
    name = "churn";
    from = "now";
    variants = ( { name = "churn-v1"; url = "http://production.example/invocations"; timeout = "2s"; } );
  }
);
tests = (
  {
    name = "churn-v2-vs-v1"; endpoint = "churn"; sampling = 50.0;
    variants = ( { name = "churn-v2"; url = "http://candidate.example/invocations"; timeout = "2s"; } );
  }
);`;

function code(text) {
	return h("pre", {tabindex: "0"}, h("code", null, text));
}

export function first_step() {
	return h("section", {class: "card first-step"},
		h("h2", null, "Nothing is tested yet: the first step"),
		h("ol", null,
			h("li", null, "Say which model answers today and which one wants to, in a file, here churn.conf:", code(DEFINITION)),
			h("li", null, "Apply it. What it says stands in Kafka from then on, and this page shows it at once:",
				code("umbractl -b BROKER init\numbractl -b BROKER apply -f churn.conf")),
			h("li", null, "Start the programs, as many of each as you like:",
				code("umbra-splitter -b BROKER\numbra-shadow -b BROKER\numbra-aggregator -b BROKER")),
			h("li", null, "Send requests to the topic churn.requests. Production answers each; the candidate gets a copy of half of them.")),
		h("p", null, "To see all of this with data: ", h("code", null, "integration/demo")));
}

export function first_test(endpoints) {
	const name = endpoints[0].name;
	return h("section", {class: "card first-step"},
		h("h2", null, "No test so far"),
		h("p", null, `There ${endpoints.length === 1 ? "is one endpoint" : `are ${endpoints.length} endpoints`}: ${endpoints.map((e) => e.name).join(", ")}. `,
			"Name a candidate in a file and apply it with ", h("code", null, "umbractl apply -f FILE"), ":"),
		code(`tests = (\n  {\n    name = "${name}-trial"; endpoint = "${name}"; sampling = 10.0;\n    variants = ( { name = "${name}-v2"; url = "http://candidate.example/invocations"; timeout = "2s"; } );\n  }\n);`));
}

/* A test that has counted nothing. */
export function no_data(test) {
	return h("section", {class: "card first-step"},
		h("h2", null, "Nothing has been counted yet"),
		h("ul", null,
			h("li", null, `Do requests arrive on the endpoint ${test.endpoint}? `, h("code", null, `umbractl describe endpoint ${test.endpoint}`), " names its topics."),
			h("li", null, "Do umbra-splitter, umbra-shadow and umbra-aggregator run? ", h("a", {href: "/system"}, "System"), " shows what is known of them."),
			h("li", null, "The first numbers come within seconds of the first request.")));
}
