/* SPDX-License-Identifier: ISC */
/* child_output.c - see child_output.h. */
#include "base/child_output.h"

#include <string.h>

#include <acmems/log.h>

void child_output_init(struct child_output *output, size_t max_kept)
{
	memset(output, 0, sizeof(*output));
	str_init(&output->kept, max_kept);
}

static void log_line(struct child_output *output, const char *text)
{
	if (output->logged > CHILD_LINES_MAX)
		return;
	if (output->logged++ == CHILD_LINES_MAX)
		acmems_log(ACMEMS_LOG_INFO, output->room, output->subject,
			"%s[%d] prints more than %d lines; the rest is not logged", output->name,
			(int)output->pid, CHILD_LINES_MAX);
	else
		acmems_log(ACMEMS_LOG_INFO, output->room, output->subject, "%s[%d]: %s",
			output->name, (int)output->pid, text);
}

static void end_line(struct child_output *output, struct child_line *line)
{
	while (line->len > 0 && strchr(" \t\r", line->text[line->len - 1]))
		line->len--;
	line->text[line->len] = '\0';
	if (line->len > 0) {
		memcpy(output->last, line->text, line->len + 1);
		log_line(output, line->text);
	}
	line->len = 0;
}

static void keep(struct child_output *output, const char *data, size_t len)
{
	size_t room = output->kept.max - output->kept.len;

	str_add_bytes(&output->kept, data, len < room ? len : room);
}

void child_output_add(struct child_output *output, int which, const char *data, size_t len)
{
	struct child_line *line = &output->lines[which];

	if (which == 0)
		keep(output, data, len);
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' || line->len == CHILD_LINE_MAX)
			end_line(output, line);
		/* a text can not hold a NUL */
		if (data[i] != '\n')
			line->text[line->len++] = data[i] ? data[i] : '?';
	}
}

void child_output_finish(struct child_output *output)
{
	end_line(output, &output->lines[0]);
	end_line(output, &output->lines[1]);
}

void child_output_fini(struct child_output *output)
{
	str_fini(&output->kept);
}
