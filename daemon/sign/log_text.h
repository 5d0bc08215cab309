/* SPDX-License-Identifier: ISC */
/* log_text.h - names and details as bounded text for log lines. */
#ifndef LOG_TEXT_H
#define LOG_TEXT_H

#include <acmems/error.h>
#include <acmems/x509.h>

#define LOG_TEXT_NAMES_MAX 1400
#define LOG_TEXT_ERROR_MAX 1600

/* The first five and how many more there are: "a.example, b.example and 3 more". Returns out. */
const char *log_text_names(const struct acmems_csr *csr, char out[LOG_TEXT_NAMES_MAX]);

/* Message and the beginning of the details in one line. Returns out. */
const char *log_text_error(const struct acmems_error *err, char out[LOG_TEXT_ERROR_MAX]);

#endif
