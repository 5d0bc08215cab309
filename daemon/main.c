/* SPDX-License-Identifier: ISC */
/* main.c - hands the command line to whoever does what it asks for. */
#include <stdio.h>
#include <sysexits.h>

#include "cli.h"
#include "command.h"
#include "command_notify.h"
#include "command_persist.h"
#include "service.h"

int main(int argc, char **argv)
{
	struct acmems_error err = {0};
	struct cli cli;

	if (!cli_parse(argc, argv, &cli, &err)) {
		fprintf(stderr, "acmems: %s\n", err.message);
		fprintf(stderr, "acmems -h shows what there is\n");
		return EX_USAGE;
	}
	switch (cli.action) {
	case CLI_RUN:
		return service_run(&cli);
	case CLI_TEST:
		return command_test(&cli);
	case CLI_LIST:
		return command_list(&cli);
	case CLI_DESCRIBE:
		return command_describe(&cli);
	case CLI_NOTIFY:
		return command_notify(&cli);
	case CLI_PERSIST:
		return command_persist(&cli);
	case CLI_VERSION:
		printf("acmems " ACMEMS_VERSION "\n");
		return EX_OK;
	case CLI_HELP:
		cli_help(stdout);
		return EX_OK;
	}
	return EX_SOFTWARE;
}
