/* SPDX-License-Identifier: ISC */
/* notifier.c - a short list of deliveries. */
#include "notify/notifier.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/file.h>
#include <acmems/log.h>

static struct {
	struct delivery **list;
	size_t count;
} deliveries;

static struct delivery *find(const char *name)
{
	for (size_t i = 0; i < deliveries.count; i++) {
		if (strcmp(delivery_name(deliveries.list[i]), name) == 0)
			return deliveries.list[i];
	}
	return NULL;
}

const struct delivery *notifier_find(const char *name)
{
	return find(name);
}

bool notifier_check(const struct settings *settings, struct acmems_error *err)
{
	if (settings->notify_count == 0)
		return true;
	return (acmems_directory_make(settings->mgmt.state_dir, 0700, err) &&
		       acmems_directory_writable(settings->mgmt.state_dir, err)) ||
	       acmems_error_context(err, "mgmt: \"state-dir\"");
}

static struct delivery *make(const char *name, const char *dir)
{
	struct delivery **list =
		realloc(deliveries.list, (deliveries.count + 1) * sizeof(struct delivery *));
	struct delivery *delivery;

	if (!list)
		return NULL;
	deliveries.list = list;
	delivery = delivery_new(name, dir);
	if (delivery)
		list[deliveries.count++] = delivery;
	return delivery;
}

static const struct settings_instance *settings_of(
	const struct generation *generation, const struct instance *instance)
{
	const struct settings *settings = generation->settings;

	for (size_t i = 0; i < settings->notify_count; i++) {
		if (strcmp(settings->notifies[i].name, instance->name) == 0)
			return &settings->notifies[i];
	}
	return NULL;
}

void notifier_open(struct generation *generation)
{
	for (size_t i = 0; i < generation->instance_count; i++) {
		const struct instance *instance = generation->instances[i];
		const struct settings_instance *settings = settings_of(generation, instance);
		struct delivery *delivery;

		if (instance->module->module->kind != ACMEMS_NOTIFY || !settings)
			continue;
		delivery = find(instance->name);
		if (!delivery)
			delivery = make(instance->name, generation->settings->mgmt.state_dir);
		if (delivery)
			delivery_attach(delivery, generation, instance, settings);
		else
			acmems_log(ACMEMS_LOG_ERROR, "notify", instance->name,
				"no memory: it will hear of nothing");
	}
}

void notifier_close(struct generation *generation)
{
	size_t kept = 0;

	for (size_t i = 0; i < deliveries.count; i++) {
		struct delivery *delivery = deliveries.list[i];

		delivery_detach(delivery, generation);
		if (delivery_attached(delivery))
			deliveries.list[kept++] = delivery;
		else
			delivery_free(delivery);
	}
	deliveries.count = kept;
}

void notifier_abort(struct generation *generation)
{
	for (size_t i = 0; i < deliveries.count; i++)
		delivery_abort(deliveries.list[i], generation);
}

static bool is_in(const struct acmems_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], name) == 0)
			return true;
	}
	return false;
}

static bool hears(const struct generation *generation, const struct block *block, bool all,
	const char *name, enum notice_kind kind)
{
	const struct acmems_list *list = &generation->settings->mgmt.default_notify;

	if (block && (block->notify_events & NOTICE_BIT(kind)) && is_in(&block->notify, name))
		return true;
	return (all || !block) && is_in(list, name);
}

void notifier_offer(const struct generation *generation, const struct block *block, bool all,
	struct notice *take_event)
{
	struct notice *event = take_event;

	if (!event)
		return;
	for (size_t i = 0; i < deliveries.count && !event->failed; i++) {
		struct delivery *delivery = deliveries.list[i];

		if (delivery_wants(delivery, event->kind) &&
			hears(generation, block, all, delivery_name(delivery), event->kind))
			delivery_put(delivery, event);
	}
	if (event->failed)
		acmems_log(ACMEMS_LOG_ERROR, "notify", NULL, "no memory: nobody is told of: %s",
			event->summary);
	notice_drop(event);
}

void notifier_fini(void)
{
	for (size_t i = 0; i < deliveries.count; i++)
		delivery_free(deliveries.list[i]);
	free(deliveries.list);
	deliveries.list = NULL;
	deliveries.count = 0;
}
