/* Calls over HTTPS: whom we trust, and how we say who we are. The certificates are made by openssl,
 * the server is Python's. */
#include "common/model_test_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/var/tmp/umbra-tls-XXXXXX";

static const char make_certificates[] =
	"set -e; new='openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "
	"2'\n"
	"$new -keyout ca.key -out ca.pem -subj /CN=umbra-ca\n"
	"$new -keyout other.key -out other.pem -subj /CN=other-ca\n"
	"$new -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem -subj /CN=model"
	" -addext subjectAltName=IP:127.0.0.1\n"
	"$new -CA ca.pem -CAkey ca.key -keyout client.key -out client.pem -subj /CN=splitter\n"
	"echo nothing > broken.pem";

static const char server_script[] =
	"import http.server, ssl, sys\n"
	"class Model(http.server.BaseHTTPRequestHandler):\n"
	"    protocol_version = 'HTTP/1.1'\n"
	"    def do_POST(self):\n"
	"        self.rfile.read(int(self.headers['content-length']))\n"
	"        self.send_response(200)\n"
	"        self.send_header('content-length', '2')\n"
	"        self.end_headers()\n"
	"        self.wfile.write(b'{}')\n"
	"    def log_message(self, *words): pass\n"
	"context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
	"context.load_cert_chain('server.pem', 'server.key')\n"
	"context.maximum_version = ssl.TLSVersion.TLSv1_2 if 'old' in sys.argv else "
	"ssl.TLSVersion.TLSv1_3\n"
	"if 'mutual' in sys.argv:\n"
	"    context.verify_mode = ssl.CERT_REQUIRED\n"
	"    context.load_verify_locations('ca.pem')\n"
	"server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Model)\n"
	"server.handle_error = lambda *words: None\n"
	"server.socket = context.wrap_socket(server.socket, server_side=True,\n"
	"                                    do_handshake_on_connect=False)\n"
	"print(server.server_port, flush=True)\n"
	"server.serve_forever()\n";

struct tls_server {
	pid_t pid;
	char url[64];
};

static char *in_folder(const char *name)
{
	static char paths[4][96];
	static unsigned n;
	char *path = paths[n++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

/* `mode`: "plain"; "mutual" asks for a client's certificate, "old" speaks at most TLS 1.2. */
static struct tls_server start_server(const char *mode, const char *mode2)
{
	struct tls_server server;
	int out[2];
	char port[16] = "";
	assert_int_equal(pipe(out), 0);
	server.pid = fork();
	if (server.pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		if (chdir(folder) == 0)
			execl("/usr/bin/python3", "python3", "-c", server_script, mode, mode2,
				NULL);
		_exit(127);
	}
	close(out[1]);
	FILE *lines = fdopen(out[0], "r");
	assert_non_null(lines);
	assert_non_null(fgets(port, sizeof port, lines));
	port[strcspn(port, "\n")] = '\0';
	fclose(lines);
	snprintf(server.url, sizeof server.url, "https://127.0.0.1:%s/invocations", port);
	return server;
}

static void stop_server(struct tls_server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
}

static int make_folder(void **state)
{
	(void)state;
	char command[2048];
	if (!mkdtemp(folder))
		return -1;
	snprintf(command, sizeof command, "exec 2>%s/log; cd %s; %s", folder, folder,
		make_certificates);
	return system(command);
}

static int remove_folder(void **state)
{
	(void)state;
	char command[64];
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static void a_server_of_the_right_ca_is_called(void **state)
{
	struct tls_server server = start_server("plain", NULL);
	struct model_config config = {.url = server.url, .ca_file = in_folder("ca.pem")};
	struct probe probe = ask(state, "", config);
	check(&probe, OUTCOME_OK, "", 200);
	assert_string_equal(probe.body, "{}");
	stop_server(&server);
}

static void a_server_of_another_ca_is_not_trusted(void **state)
{
	struct tls_server server = start_server("plain", NULL);
	struct model_config config = {.url = server.url, .ca_file = in_folder("other.pem")};
	struct probe probe = ask(state, "", config);
	check(&probe, OUTCOME_CONNECT_FAILED, "certificate not trusted", 0);
	config.ca_file = NULL;
	probe = ask(state, "", config);
	check(&probe, OUTCOME_CONNECT_FAILED, "certificate not trusted", 0);
	stop_server(&server);
}

static void a_certificate_for_another_name_is_not_trusted(void **state)
{
	struct tls_server server = start_server("plain", NULL);
	char url[96];
	snprintf(url, sizeof url, "https://localhost%s", strrchr(server.url, ':'));
	struct model_config config = {.url = url, .ca_file = in_folder("ca.pem")};
	struct probe probe = ask(state, "", config);
	check(&probe, OUTCOME_CONNECT_FAILED, "certificate not trusted", 0);
	stop_server(&server);
}

static void a_client_certificate_is_shown(void **state)
{
	struct tls_server server = start_server("mutual", NULL);
	struct model_config config = {.url = server.url,
		.ca_file = in_folder("ca.pem"),
		.cert_file = in_folder("client.pem"),
		.key_file = in_folder("client.key")};
	struct probe probe = ask(state, "", config);
	check(&probe, OUTCOME_OK, "", 200);
	stop_server(&server);
}

/* With TLS 1.3 the refusal comes after the handshake, in place of an answer. */
static void without_a_client_certificate_the_call_fails(void **state)
{
	struct tls_server server = start_server("mutual", "old");
	struct model_config config = {.url = server.url, .ca_file = in_folder("ca.pem")};
	struct probe probe = ask(state, "", config);
	check(&probe, OUTCOME_CONNECT_FAILED, "TLS handshake failed", 0);
	stop_server(&server);
	server = start_server("mutual", NULL);
	config.url = server.url;
	probe = ask(state, "", config);
	check(&probe, OUTCOME_PROTOCOL_ERROR, "connection lost", 0);
	stop_server(&server);
}

static void unusable_files_are_said(void **state)
{
	struct tls_server server = start_server("plain", NULL);
	struct model_config config = {.url = server.url, .ca_file = in_folder("broken.pem")};
	struct probe probe = ask(state, "", config);
	check(&probe, OUTCOME_CONNECT_FAILED, "CA file unusable", 0);
	config.ca_file = in_folder("ca.pem");
	config.cert_file = config.key_file = in_folder("broken.pem");
	probe = ask(state, "", config);
	check(&probe, OUTCOME_CONNECT_FAILED, "client certificate unusable", 0);
	stop_server(&server);
}

static void a_server_without_tls_is_no_connection(void **state)
{
	struct fixture *fixture = *state;
	char url[64];
	snprintf(url, sizeof url, "https://127.0.0.1:%d/ok", fixture->server->port);
	struct model_config config = {.url = url, .timeout_us = 300000};
	struct probe probe = ask(state, "", config);
	check(&probe, OUTCOME_TIMEOUT, "connecting", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		model_promise(a_server_of_the_right_ca_is_called),
		model_promise(a_server_of_another_ca_is_not_trusted),
		model_promise(a_certificate_for_another_name_is_not_trusted),
		model_promise(a_client_certificate_is_shown),
		model_promise(without_a_client_certificate_the_call_fails),
		model_promise(unusable_files_are_said),
		model_promise(a_server_without_tls_is_no_connection),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
