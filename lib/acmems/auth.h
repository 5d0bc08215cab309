/* SPDX-License-Identifier: ISC */
/*
 * auth.h - modules that decide whether a client may have what it asks for.
 *
 * An auth block of the configuration names one or more auth methods, each a module, and domains. A
 * block lets a request in when every method says yes and every name of the CSR fits a domain. First
 * the core asks `possible` of each method, with headers and address only, and drops blocks that can
 * not fit before the body is parsed; then `check`, with the CSR. Both must fail closed: whatever is
 * unclear is a no.
 */
#ifndef ACMEMS_AUTH_H
#define ACMEMS_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>
#include <acmems/error.h>
#include <acmems/http.h>
#include <acmems/x509.h>

/* What is known of a signing request. Valid during possible, and until check is finished or cancelled. */
struct acmems_sign_request {
	/* Who asks, as far as a trusted proxy tells; v4-mapped addresses are already IPv4. */
	struct acmems_address peer;
	const struct acmems_http_request *http; /* for its headers */
	const void *body; /* the exact bytes that came; NULL in possible */
	size_t body_len; /* bytes */
	const struct acmems_csr *csr; /* parsed and verified; NULL in possible */
	const struct acmems_client_cert *client; /* shown in the TLS handshake; NULL: none */
};

struct acmems_auth_ops {
	/*
	 * Could check say yes? Immediate; optional, and then it could. On false *err says why not, for the log; ACMEMS_BAD_REQUEST
	 * when what it looks for is there and can not be understood, which the client is told if no
	 * other block lets it in.
	 */
	bool (*possible)(void *instance, const struct acmems_sign_request *request,
		struct acmems_error *err);
	/*
	 * Operation, within 10 s: finish with NULL for yes; with ACMEMS_REFUSED for no; with any other error
	 * for "could not find out", which counts as no and is logged as a warning.
	 */
	bool (*check)(void *instance, uint64_t op, const struct acmems_sign_request *request,
		struct acmems_error *err);
};

#endif
