/* SPDX-License-Identifier: ISC */
/* cli.c - getopt_long with our own messages. */
#include "cli.h"

#include <getopt.h>

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"modules", required_argument, NULL, 'm'},
	{"daemon", no_argument, NULL, 'd'},
	{"verbose", no_argument, NULL, 'v'},
	{"test", no_argument, NULL, 't'},
	{"list-modules", no_argument, NULL, 'l'},
	{"describe", required_argument, NULL, 'D'},
	{"notify-test", required_argument, NULL, 'N'},
	{"print-persist", required_argument, NULL, 'P'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static const char help[] =
	"usage: acmems [-c FILE] [-m DIRECTORY] [-d] [-v]\n"
	"       acmems -t [-c FILE] [-m DIRECTORY]\n"
	"       acmems -l [-m DIRECTORY]\n"
	"       acmems -D NAME [-m DIRECTORY]\n"
	"       acmems -N INSTANCE [-c FILE] [-m DIRECTORY]\n"
	"       acmems -P NAME [-c FILE]\n"
	"\n"
	"  -c, --config FILE        configuration (default: " ACMEMS_CONF_FILE ")\n"
	"  -m, --modules DIRECTORY  where the modules are, whatever the configuration says\n"
	"  -d, --daemon             detach once everything has started\n"
	"  -v, --verbose            log one level more; twice: two\n"
	"  -t, --test               check configuration and modules, say what is wrong, exit\n"
	"  -l, --list-modules       list the modules found\n"
	"  -D, --describe NAME      describe a module: http01, validator-http01; or a group: mgmt\n"
	"  -N, --notify-test INSTANCE\n"
	"                           send a test event, say what the receiver answered\n"
	"  -P, --print-persist NAME print the standing TXT record for NAME (dns-persist-01)\n"
	"  -V, --version            print the version\n"
	"  -h, --help               print this\n"
	"\n"
	"acmems(8) and acmems.conf(5) tell the rest.\n";

void cli_help(FILE *out)
{
	fputs(help, out);
}

static bool set_action(struct cli *cli, enum cli_action action, struct acmems_error *err)
{
	if (cli->action != CLI_RUN && cli->action != action)
		return acmems_error_set(err, ACMEMS_BAD_REQUEST,
			"only one of -t, -l, -D, -N, -P, -V and -h can be done at a time");
	cli->action = action;
	return true;
}

static bool bad_option(char **argv, bool lacks_argument, struct acmems_error *err)
{
	char one[3] = {'-', (char)optopt, '\0'};
	const char *word = optopt > 0 && optopt < 128 ? one : argv[optind - 1];

	if (lacks_argument)
		return acmems_error_set(err, ACMEMS_BAD_REQUEST, "option %s needs a value", word);
	return acmems_error_set(err, ACMEMS_BAD_REQUEST, "unknown option %s", word);
}

static bool take(struct cli *cli, int option, char **argv, struct acmems_error *err)
{
	switch (option) {
	case 'c':
		cli->config = optarg;
		return true;
	case 'm':
		cli->modules = optarg;
		return true;
	case 'd':
		cli->daemon = true;
		return true;
	case 'v':
		cli->verbose++;
		return true;
	case 't':
		return set_action(cli, CLI_TEST, err);
	case 'l':
		return set_action(cli, CLI_LIST, err);
	case 'D':
		cli->describe = optarg;
		return set_action(cli, CLI_DESCRIBE, err);
	case 'N':
		cli->notify = optarg;
		return set_action(cli, CLI_NOTIFY, err);
	case 'P':
		cli->persist = optarg;
		return set_action(cli, CLI_PERSIST, err);
	case 'V':
		return set_action(cli, CLI_VERSION, err);
	case 'h':
		return set_action(cli, CLI_HELP, err);
	case ':':
		return bad_option(argv, true, err);
	default:
		return bad_option(argv, false, err);
	}
}

bool cli_parse(int argc, char **argv, struct cli *cli, struct acmems_error *err)
{
	int option;

	*cli = (struct cli){.action = CLI_RUN, .config = ACMEMS_CONF_FILE};
	/* 0 has glibc begin anew, whatever was parsed before */
	optind = 0;
	opterr = 0;
	do {
		option = getopt_long(argc, argv, ":c:m:dvtlD:N:P:Vh", options, NULL);
		if (option != -1 && !take(cli, option, argv, err))
			return false;
	} while (option != -1);
	if (optind < argc)
		return acmems_error_set(
			err, ACMEMS_BAD_REQUEST, "unexpected word \"%s\"", argv[optind]);
	if (cli->daemon && cli->action != CLI_RUN)
		return acmems_error_set(
			err, ACMEMS_BAD_REQUEST, "-d is for running, and makes no sense here");
	return true;
}
