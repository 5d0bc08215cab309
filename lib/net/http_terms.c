/* SPDX-License-Identifier: ISC */
/* http_terms.c - made, held, dropped. */
#include "net/http_terms.h"

#include <stdlib.h>

static char *const nobody[] = {NULL};

struct http_terms *http_terms_new(const struct tls_files_config *tls, char *const *trusted,
	bool proxy_protocol, struct acmems_error *err)
{
	struct http_terms *terms = calloc(1, sizeof(*terms));

	if (!terms) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a listener");
		return NULL;
	}
	terms->holds = 1;
	terms->proxy_protocol = proxy_protocol;
	if (proxies_parse(&terms->proxies, trusted ? trusted : nobody, err)) {
		if (!tls)
			return terms;
		terms->tls = tls_files_new(tls, err);
		if (terms->tls)
			return terms;
	}
	http_terms_drop(terms);
	return NULL;
}

struct http_terms *http_terms_hold(struct http_terms *terms)
{
	if (terms)
		terms->holds++;
	return terms;
}

void http_terms_drop(struct http_terms *terms)
{
	if (!terms || --terms->holds > 0)
		return;
	tls_files_free(terms->tls);
	proxies_free(&terms->proxies);
	free(terms);
}
