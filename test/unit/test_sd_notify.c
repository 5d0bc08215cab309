/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sd_notify.h"
#include "temp_dir.h"

static int fd = -1;

/* The manager's side; name as in NOTIFY_SOCKET. */
static void listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

/* The next message, or "" if there is none. */
static const char *heard(void)
{
	static char text[1024];
	ssize_t len = recv(fd, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static int setup(void **state)
{
	return temp_dir_setup(state) || unit_loop_setup(state);
}

static int teardown(void **state)
{
	if (fd >= 0)
		close(fd);
	fd = -1;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	unit_loop_teardown(state);
	return temp_dir_teardown(state);
}

static void check_messages(void)
{
	sd_notify_ready("generation 1");
	assert_string_equal(heard(), "READY=1\nSTATUS=generation 1");
	sd_notify_reloading();
	assert_memory_equal(heard(), "RELOADING=1\nMONOTONIC_USEC=", 27);
	sd_notify_stopping();
	assert_string_equal(heard(), "STOPPING=1");
	assert_string_equal(heard(), "");
}

static void test_a_path(void **state)
{
	(void)state;
	listen_at(temp_path("notify"));
	check_messages();
}

static void test_an_abstract_name(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "@acmems-unit-%d", (int)getpid());
	listen_at(name);
	check_messages();
}

static void test_nobody(void **state)
{
	static char too_long[200];

	(void)state;
	sd_notify_ready("x");
	setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
	sd_notify_ready("x");
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[0] = '/';
	setenv("NOTIFY_SOCKET", too_long, 1);
	sd_notify_ready("x");
	setenv("NOTIFY_SOCKET", "relative", 1);
	sd_notify_ready("x");
}

static void test_watchdog(void **state)
{
	char pid[24];

	(void)state;
	listen_at(temp_path("notify"));
	assert_true(sd_notify_watchdog_start());
	run_due();
	/* nobody watches */
	assert_string_equal(heard(), "");
	setenv("WATCHDOG_USEC", "20000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	assert_true(sd_notify_watchdog_start());
	run_due();
	/* it is another process that is watched */
	assert_string_equal(heard(), "");
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_true(sd_notify_watchdog_start());
	for (int i = 0; i < 3; i++)
		run_until(strcmp(heard(), "WATCHDOG=1") == 0);
	sd_notify_watchdog_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_abstract_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_watchdog, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
