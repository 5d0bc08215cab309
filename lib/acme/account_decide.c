/* SPDX-License-Identifier: ISC */
/* account_decide.c - see account_decide.h. */
#include "acme/account_decide.h"

enum account_state account_decide(const struct account_view *view)
{
	if (view->failed)
		return ACCOUNT_WAITING;
	if (!view->has_directory)
		return ACCOUNT_DIRECTORY;
	if (view->has_url && view->closed)
		return ACCOUNT_CLOSED;
	if (view->has_url)
		return view->doubted ? ACCOUNT_CHECK : ACCOUNT_READY;
	return view->terms_open ? ACCOUNT_REFUSED : ACCOUNT_REGISTER;
}
