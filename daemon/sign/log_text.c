/* SPDX-License-Identifier: ISC */
/* log_text.c - writes what came from outside, cut to size, for people. */
#include "sign/log_text.h"

#include <stdio.h>
#include <string.h>

#define NAMES_SHOWN 5
#define DETAIL_SHOWN 1000

const char *log_text_names(const struct acmems_csr *csr, char out[LOG_TEXT_NAMES_MAX])
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < csr->name_count && i < NAMES_SHOWN; i++) {
		int len = snprintf(out + used, LOG_TEXT_NAMES_MAX - used, "%s%.253s", i ? ", " : "",
			csr->names[i].text);

		used += len > 0 ? (size_t)len : 0;
	}
	if (csr->name_count > NAMES_SHOWN)
		snprintf(out + used, LOG_TEXT_NAMES_MAX - used, " and %zu more",
			csr->name_count - NAMES_SHOWN);
	return out;
}

const char *log_text_error(const struct acmems_error *err, char out[LOG_TEXT_ERROR_MAX])
{
	size_t len = strnlen(err->detail, sizeof(err->detail));
	size_t used;

	/* the details end in a line end, which would only make the log's line ugly */
	if (len > 0 && err->detail[len - 1] == '\n')
		len--;
	if (len > DETAIL_SHOWN)
		len = DETAIL_SHOWN;
	snprintf(out, LOG_TEXT_ERROR_MAX, "%s%s", err->message, len ? ": " : "");
	used = strlen(out);
	for (size_t i = 0; i < len && used < LOG_TEXT_ERROR_MAX - 3; i++) {
		bool end = err->detail[i] == '\n';

		out[used++] = end ? ';' : err->detail[i];
		if (end)
			out[used++] = ' ';
	}
	out[used] = '\0';
	return out;
}
