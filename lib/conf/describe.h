/* SPDX-License-Identifier: ISC */
/* conf/describe.h - an option table as text for people: `acmems -D`, and the man page check. */
#ifndef CONF_DESCRIBE_H
#define CONF_DESCRIBE_H

#include <stddef.h>

#include <acmems/option.h>
#include "base/str.h"

/* Appends each row: name, type, default or "required", bounds, choices, help; groups indented. */
void describe_options(struct str *out, const struct acmems_option *rows, size_t count);

#endif
