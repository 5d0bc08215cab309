/* SPDX-License-Identifier: ISC */
/* command.h - what the program does besides serving: check, list, describe. */
#ifndef COMMAND_H
#define COMMAND_H

#include "cli.h"
#include "conf/conf.h"

/* All return an exit status of sysexits.h and print to stdout, faults to stderr. */
int command_test(const struct cli *cli);
int command_list(const struct cli *cli);
int command_describe(const struct cli *cli);

/* Prints every fault as a line of its own, and how many there were. */
void command_print_faults(const struct conf_faults *faults);

#endif
