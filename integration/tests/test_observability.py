"""Prometheus and Grafana: the alert rules, the dashboard, and the compose file that brings both."""
import json
import re
import subprocess
import urllib.parse
import urllib.request

import pytest
import yaml

from console_client import start_console
from path import QUICK, TEST
from ports import free_port
from program import ADMIN_PORT, ROOT
from waiting import until

FOLDER = ROOT / "integration" / "observability"
RULES = FOLDER / "umbra.rules.yml"
CASES = FOLDER / "umbra.rules.test.yml"
DASHBOARD = FOLDER / "grafana" / "dashboards" / "umbra.json"
PROVISIONING = FOLDER / "grafana" / "provisioning"
COMPOSE = ROOT / "integration" / "observability.yml"


def read(path):
    return yaml.safe_load(path.read_text())


def promtool(*arguments):
    return subprocess.run(["promtool", *arguments], cwd=FOLDER, text=True, capture_output=True, timeout=60)


def alerts():
    return [rule for group in read(RULES)["groups"] for rule in group["rules"]]


def queries():
    """What the dashboard asks, its variables filled in as Grafana does."""
    board = json.loads(DASHBOARD.read_text())
    texts = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    texts += [note["expr"] for note in board["annotations"]["list"]]
    texts += [re.fullmatch(r"label_values\((.*), \w+\)", variable["query"]["query"]).group(1)
              for variable in board["templating"]["list"]]
    return [text.replace("$__rate_interval", "1m").replace("$endpoint", "e").replace("$test", "t")
            for text in texts]


def test_prometheus_reads_the_configuration_and_the_rules():
    for arguments in (["check", "rules", RULES.name], ["check", "config", "prometheus.yml"]):
        done = promtool(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_only_then():
    done = promtool("test", "rules", CASES.name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_seen_firing_and_silent():
    checks = [check for case in read(CASES)["tests"] for check in case["alert_rule_test"]]
    firing = {check["alertname"] for check in checks if check["exp_alerts"]}
    silent = {check["alertname"] for check in checks if not check["exp_alerts"]}
    names = {alert["alert"] for alert in alerts()}
    assert firing == names
    assert silent == names


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_says_what_is_wrong_and_how_bad_it_is(alert):
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert alert["annotations"]["summary"]
    assert alert["alert"] in (ROOT / "README.md").read_text()


def test_each_query_of_the_dashboard_is_promql(tmp_path):
    rules = [{"record": f"query:{i}", "expr": text} for i, text in enumerate(queries())]
    path = tmp_path / "queries.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = promtool("check", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout


def test_the_dashboard_s_panels_are_whole_and_do_not_overlap():
    board = json.loads(DASHBOARD.read_text())
    source = read(PROVISIONING / "datasources" / "umbra.yml")["datasources"][0]
    taken = set()
    for panel in board["panels"]:
        assert panel["title"] and panel["targets"]
        assert panel["datasource"] == {"type": source["type"], "uid": source["uid"]}
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_compose_file_mounts_what_its_programs_look_for():
    services = read(COMPOSE)["services"]
    mounted = {}
    for service in services.values():
        for volume in service["volumes"]:
            source, target, mode = volume.split(":")
            assert mode == "ro"
            assert (ROOT / source).is_dir(), source
            mounted[target] = ROOT / source
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert (mounted["/etc/prometheus"] / "prometheus.yml").is_file()
    provider, = read(PROVISIONING / "dashboards" / "umbra.yml")["providers"]
    assert (mounted[provider["options"]["path"]] / DASHBOARD.name).is_file()
    assert (mounted["/etc/grafana/provisioning"] / "datasources" / "umbra.yml").is_file()


def test_prometheus_asks_each_service_at_the_port_it_listens_on():
    services = read(ROOT / "docker-compose.yml")["services"]
    for job in read(FOLDER / "prometheus.yml")["scrape_configs"]:
        target, = job["static_configs"][0]["targets"]
        service, port = target.split(":")
        assert f"umbra-{service}" == job["job_name"]
        if service != "console" or "console" in services:
            assert f"127.0.0.1:{port}:{port}" in services[service]["ports"], target


# On the real programs


class Prometheus:
    """Debian's, reading the programs of a test every second, with Umbra's rules."""

    def __init__(self, folder, programs):
        self.address = f"127.0.0.1:{free_port()}"
        jobs = [{"job_name": program.name, "static_configs": [
            {"targets": [ADMIN_PORT.search(program.log())[1]]}]} for program in programs]
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                  "rule_files": [str(RULES)], "scrape_configs": jobs}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self.log = open(folder / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address={self.address}"], stdout=self.log, stderr=self.log)

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def is_up(self, programs):
        try:
            targets = self.get("targets")["activeTargets"]
        except OSError:
            return False
        return [target["health"] for target in targets] == ["up"] * programs

    def ask(self, query):
        return self.get("query", query=query)["result"]

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


@pytest.fixture
def programs(path):
    """The programs of a test that has got its requests, each with all its series."""
    path.define(sampling=50.0).start()
    aggregator = path.umbra.start("umbra-aggregator", *QUICK).wait_ready()
    path.produce(200)
    path.wait_account(lambda account: account.pending == 0)
    console = start_console(path.umbra, path.umbra.folder / "console.sqlite").wait_ready()
    return [path.splitter, path.shadow, aggregator, console]


@pytest.fixture
def prometheus(programs, tmp_path):
    server = Prometheus(tmp_path, programs)
    try:
        until(lambda: server.is_up(len(programs)), "all programs are read", seconds=60, every=0.2)
        yield server
    finally:
        server.close()


def asked_for():
    """The metrics that rules and dashboard name."""
    texts = [alert["expr"] for alert in alerts()] + queries()
    return {name for text in texts for name in re.findall(r"\bumbra_[a-z_]+", text)}


def test_each_metric_that_rules_and_dashboard_name_is_there(prometheus):
    names = asked_for() - {"umbra_test_losses_total"}  # nothing was lost
    assert len(names) > 10
    for name in sorted(names):
        until(lambda: prometheus.ask(f"count({name})"), f"{name} is read", seconds=20, every=0.2)


def test_what_the_dashboard_asks_has_an_answer(prometheus, path):
    board = json.loads(DASHBOARD.read_text())
    until(lambda: prometheus.ask(f'umbra_test_compared_total{{test="{TEST}"}} > 0'), "pairs are counted", every=0.2)
    for panel in board["panels"]:
        for target in panel["targets"]:
            text = target["expr"].replace("$__rate_interval", "5s").replace("$test", TEST)
            text = text.replace("$endpoint", path.umbra.endpoint)
            if "losses_total" not in text and "mismatches" not in text and 'outcome!="ok"' not in text:
                until(lambda: prometheus.ask(text), f"{panel['title']}: {text}", seconds=20, every=0.2)
            if panel["title"] in ("Invocations", "Model latency p50"):
                roles = {series["metric"]["role"] for series in prometheus.ask(text)}
                assert roles == {"production", "shadow"}, panel["title"]


def test_the_console_s_page_of_metrics_is_as_promtool_wants_it(programs):
    text = programs[-1].admin("/metrics")[1]
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_alarming_when_all_is_well(prometheus):
    until(lambda: all(rule["health"] == "ok" for group in prometheus.get("rules")["groups"]
                      for rule in group["rules"]), "every rule was evaluated", every=0.2)
    assert prometheus.get("alerts")["alerts"] == []
