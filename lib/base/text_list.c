/* SPDX-License-Identifier: ISC */
/* text_list.c - see text_list.h. The pointers lie in front of the texts. */
#include "base/text_list.h"

#include <stdlib.h>
#include <string.h>

bool text_list_copy(char *const *texts, char ***copy)
{
	size_t count = 0;
	size_t len = 0;
	char *at;

	*copy = NULL;
	for (; texts && texts[count]; count++)
		len += strlen(texts[count]) + 1;
	if (count == 0)
		return true;
	*copy = malloc((count + 1) * sizeof(**copy) + len);
	if (!*copy)
		return false;
	at = (char *)(*copy + count + 1);
	for (size_t i = 0; i < count; i++) {
		len = strlen(texts[i]) + 1;
		(*copy)[i] = memcpy(at, texts[i], len);
		at += len;
	}
	(*copy)[count] = NULL;
	return true;
}
