/* SPDX-License-Identifier: ISC */
#include "temp_dir.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/listen.h"

static char path[96];

static int setup(void **state)
{
	int result = temp_dir_setup(state);

	snprintf(path, sizeof(path), "%s/socket", temp_dir);
	return result;
}

static struct address_place place_of(const char *text)
{
	struct address_place places[ADDRESS_PLACES_MAX];
	struct acmems_error err = {0};

	assert_int_equal(address_places_parse(text, places, &err), 1);
	return places[0];
}

static struct address_place unix_place(void)
{
	char text[112];

	snprintf(text, sizeof(text), "unix:%s", path);
	return place_of(text);
}

static int try_connect(const struct address_place *place)
{
	int fd = socket(place->sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result;

	assert_true(fd >= 0);
	result = connect(fd, (const struct sockaddr *)&place->sockaddr, place->len);
	close(fd);
	return result;
}

static int option(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void tcp_is_bound_and_told(void **state)
{
	static const char *const texts[] = {"127.0.0.1:0", "[::1]:0"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct address_place place = place_of(texts[i]);
		struct acmems_error err = {0};
		struct listen_socket made, second;

		assert_true(listen_open(&place, &made, &err));
		assert_true(listen_port(&made) != 0);
		assert_true(fcntl(made.fd, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(made.fd, F_GETFD) & FD_CLOEXEC);
		if (i == 1)
			assert_true(option(made.fd, IPPROTO_IPV6, IPV6_V6ONLY));
		assert_int_equal(try_connect(&made.place), 0);
		/* taken: the message says where, and what to do */
		assert_false(listen_open(&made.place, &second, &err));
		assert_int_equal(err.code, ACMEMS_SYSTEM);
		assert_non_null(strstr(err.message, made.place.text));
		assert_non_null(strstr(err.message, "another program"));
		listen_remove(&made);
		close(made.fd);
	}
}

static void foreign_addresses_are_told(void **state)
{
	struct address_place place = place_of("192.0.2.1:0");
	struct acmems_error err = {0};
	struct listen_socket made;

	(void)state;
	assert_false(listen_open(&place, &made, &err));
	assert_non_null(strstr(err.message, "192.0.2.1:0"));
	assert_non_null(strstr(err.message, "no interface"));
}

static void unix_sockets_are_tight_and_removed(void **state)
{
	struct address_place place = unix_place();
	struct acmems_error err = {0};
	struct listen_socket made, second;
	struct stat info;
	mode_t mask = umask(0);

	(void)state;
	assert_true(listen_open(&place, &made, &err));
	assert_int_equal(umask(mask), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0660);
	assert_int_equal(listen_port(&made), 0);
	assert_int_equal(try_connect(&made.place), 0);
	assert_false(listen_open(&place, &second, &err));
	assert_non_null(strstr(err.message, "another program"));
	listen_remove(&made);
	close(made.fd);
	assert_int_equal(access(path, F_OK), -1);
}

static void stale_sockets_are_replaced(void **state)
{
	struct address_place place = unix_place();
	struct acmems_error err = {0};
	struct listen_socket old, made;

	(void)state;
	assert_true(listen_open(&place, &old, &err));
	close(old.fd);
	assert_int_equal(access(path, F_OK), 0);
	assert_true(listen_open(&place, &made, &err));
	assert_int_equal(try_connect(&made.place), 0);
	listen_remove(&made);
	close(made.fd);
}

static void other_files_are_left_alone(void **state)
{
	struct address_place place = unix_place();
	struct acmems_error err = {0};
	struct listen_socket made;
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_false(listen_open(&place, &made, &err));
	assert_non_null(strstr(err.message, "not a socket"));
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	/* nor is what somebody put in our place */
	assert_true(listen_open(&place, &made, &err));
	/* moved, not removed: its inode number must not be used again */
	assert_int_equal(rename(path, temp_path("moved")), 0);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	listen_remove(&made);
	assert_int_equal(access(path, F_OK), 0);
	close(made.fd);
}

static void a_missing_folder_is_told(void **state)
{
	struct address_place place = place_of("unix:/nonexistent/folder/socket");
	struct acmems_error err = {0};
	struct listen_socket made;

	(void)state;
	assert_false(listen_open(&place, &made, &err));
	assert_non_null(strstr(err.message, "folder"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_is_bound_and_told),
		cmocka_unit_test(foreign_addresses_are_told),
		cmocka_unit_test_setup_teardown(
			unix_sockets_are_tight_and_removed, setup, temp_dir_teardown),
		cmocka_unit_test_setup_teardown(
			stale_sockets_are_replaced, setup, temp_dir_teardown),
		cmocka_unit_test_setup_teardown(
			other_files_are_left_alone, setup, temp_dir_teardown),
		cmocka_unit_test(a_missing_folder_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
