/* SPDX-License-Identifier: ISC */
/*
 * abi.c - prints size and offsets of every public struct that modules share with the core. Compared
 * with lib/acmems/abi.txt: a changed layout needs a changed ACMEMS_ABI.
 */
#include <stddef.h>
#include <stdio.h>

#include <acmems/auth.h>
#include <acmems/child.h>
#include <acmems/dns.h>
#include <acmems/dns_server.h>
#include <acmems/dns_find.h>
#include <acmems/dns_look.h>
#include <acmems/dns_update.h>
#include <acmems/module.h>
#include <acmems/notify.h>
#include <acmems/storage.h>
#include <acmems/tls.h>
#include <acmems/validator.h>

#define SIZE(type) printf("struct %s %zu\n", #type, sizeof(struct type))
#define AT(type, member) printf("  %s %zu\n", #member, offsetof(struct type, member))

static void core(void)
{
	SIZE(acmems_error);
	AT(acmems_error, code);
	AT(acmems_error, retry_after);
	AT(acmems_error, problem);
	AT(acmems_error, message);
	AT(acmems_error, detail);
	SIZE(acmems_task);
	AT(acmems_task, callback);
	AT(acmems_task, posted);
	SIZE(acmems_list);
	AT(acmems_list, items);
	AT(acmems_list, count);
	AT(acmems_list, given);
	SIZE(acmems_option);
	AT(acmems_option, name);
	AT(acmems_option, type);
	AT(acmems_option, offset);
	AT(acmems_option, flags);
	AT(acmems_option, fallback);
	AT(acmems_option, min);
	AT(acmems_option, max);
	AT(acmems_option, choices);
	AT(acmems_option, unit);
	AT(acmems_option, rows);
	AT(acmems_option, row_count);
	AT(acmems_option, help);
	SIZE(acmems_instance);
	AT(acmems_instance, type);
	AT(acmems_instance, name);
}

static void module(void)
{
	SIZE(acmems_module);
	AT(acmems_module, magic);
	AT(acmems_module, abi);
	AT(acmems_module, size);
	AT(acmems_module, kind);
	AT(acmems_module, name);
	AT(acmems_module, version);
	AT(acmems_module, summary);
	AT(acmems_module, options);
	AT(acmems_module, option_count);
	AT(acmems_module, option_size);
	AT(acmems_module, instance_size);
	AT(acmems_module, ops_size);
	AT(acmems_module, ops);
	AT(acmems_module, load);
	AT(acmems_module, check);
	AT(acmems_module, start);
	AT(acmems_module, stop);
	AT(acmems_module, release);
}

static void kinds(void)
{
	SIZE(acmems_challenge);
	AT(acmems_challenge, id);
	AT(acmems_challenge, type);
	AT(acmems_challenge, identifier);
	AT(acmems_challenge, wildcard);
	AT(acmems_challenge, token);
	AT(acmems_challenge, key_authorization);
	AT(acmems_challenge, account_url);
	AT(acmems_challenge, issuer_domain_names);
	AT(acmems_challenge, account_uris);
	SIZE(acmems_validator_ops);
	AT(acmems_validator_ops, types);
	AT(acmems_validator_ops, present);
	AT(acmems_validator_ops, cleanup);
	AT(acmems_validator_ops, types_of);
	SIZE(acmems_sign_request);
	AT(acmems_sign_request, peer);
	AT(acmems_sign_request, http);
	AT(acmems_sign_request, body);
	AT(acmems_sign_request, body_len);
	AT(acmems_sign_request, csr);
	AT(acmems_sign_request, client);
	SIZE(acmems_auth_ops);
	AT(acmems_auth_ops, possible);
	AT(acmems_auth_ops, check);
	SIZE(acmems_entry);
	AT(acmems_entry, csr);
	AT(acmems_entry, csr_len);
	AT(acmems_entry, chain);
	AT(acmems_entry, chain_len);
	SIZE(acmems_storage_ops);
	AT(acmems_storage_ops, get);
	AT(acmems_storage_ops, put);
	AT(acmems_storage_ops, list);
	AT(acmems_storage_ops, remove);
	AT(acmems_storage_ops, peek);
	AT(acmems_storage_ops, next);
	SIZE(acmems_field);
	AT(acmems_field, name);
	AT(acmems_field, text);
	SIZE(acmems_event);
	AT(acmems_event, name);
	AT(acmems_event, when);
	AT(acmems_event, summary);
	AT(acmems_event, fields);
	AT(acmems_event, field_count);
	AT(acmems_event, id);
	AT(acmems_event, count);
	AT(acmems_event, first);
	AT(acmems_event, severity);
	SIZE(acmems_notify_ops);
	AT(acmems_notify_ops, send);
	AT(acmems_notify_ops, send_several);
}

static void services(void)
{
	SIZE(acmems_address);
	AT(acmems_address, family);
	AT(acmems_address, bytes);
	AT(acmems_address, port);
	AT(acmems_address, scope);
	SIZE(acmems_network);
	AT(acmems_network, prefix);
	SIZE(acmems_http_server_config);
	AT(acmems_http_server_config, listen);
	AT(acmems_http_server_config, handler);
	AT(acmems_http_server_config, arg);
	SIZE(acmems_http_call);
	AT(acmems_http_call, url);
	AT(acmems_http_call, body);
	AT(acmems_http_call, timeout_ms);
	AT(acmems_http_call, ca_file);
	AT(acmems_http_call, plain);
	SIZE(acmems_http_answer);
	AT(acmems_http_answer, status);
	AT(acmems_http_answer, body);
	AT(acmems_http_answer, headers);
	AT(acmems_http_answer, header_count);
	AT(acmems_http_answer, tries);
	SIZE(acmems_tls_server_config);
	AT(acmems_tls_server_config, listen);
	AT(acmems_tls_server_config, max_connections);
	AT(acmems_tls_server_config, deadline_ms);
	AT(acmems_tls_server_config, choose);
	AT(acmems_tls_server_config, arg);
	SIZE(acmems_name);
	AT(acmems_name, text);
	AT(acmems_name, wildcard);
	SIZE(acmems_csr);
	AT(acmems_csr, der);
	AT(acmems_csr, digest);
	AT(acmems_csr, names);
	AT(acmems_csr, key_type);
	AT(acmems_csr, key_bits);
	SIZE(acmems_cert);
	AT(acmems_cert, not_before);
	AT(acmems_cert, not_after);
	AT(acmems_cert, serial);
	AT(acmems_cert, digest);
	AT(acmems_cert, chain_length);
	SIZE(acmems_client_cert);
	AT(acmems_client_cert, subject);
	AT(acmems_client_cert, issuer);
	AT(acmems_client_cert, serial);
	AT(acmems_client_cert, digest);
	AT(acmems_client_cert, not_after);
	AT(acmems_client_cert, names);
	AT(acmems_client_cert, name_count);
	AT(acmems_client_cert, chain);
	AT(acmems_client_cert, chain_len);
}

static void dns(void)
{
	SIZE(acmems_dns_record);
	AT(acmems_dns_record, type);
	AT(acmems_dns_record, ttl);
	AT(acmems_dns_record, name);
	AT(acmems_dns_record, target);
	AT(acmems_dns_record, text);
	AT(acmems_dns_record, len);
	AT(acmems_dns_record, address);
	AT(acmems_dns_record, minimum);
	SIZE(acmems_dns_answer);
	AT(acmems_dns_answer, authoritative);
	AT(acmems_dns_answer, records);
	AT(acmems_dns_answer, count);
	AT(acmems_dns_answer, server);
	SIZE(acmems_dns_question);
	AT(acmems_dns_question, type);
	AT(acmems_dns_question, servers);
	AT(acmems_dns_question, recursive);
	AT(acmems_dns_question, timeout_ms);
	SIZE(acmems_dns_update);
	AT(acmems_dns_update, zone);
	AT(acmems_dns_update, owner);
	AT(acmems_dns_update, value);
	AT(acmems_dns_update, remove);
	AT(acmems_dns_update, ttl);
	AT(acmems_dns_update, servers);
	AT(acmems_dns_update, key);
	AT(acmems_dns_update, timeout_ms);
	SIZE(acmems_dns_updated);
	AT(acmems_dns_updated, skew);
	AT(acmems_dns_updated, maybe_applied);
	SIZE(acmems_dns_zone);
	AT(acmems_dns_zone, name);
	AT(acmems_dns_zone, name_servers);
	AT(acmems_dns_zone, mailbox);
	SIZE(acmems_dns_server_config);
	AT(acmems_dns_server_config, room);
	AT(acmems_dns_server_config, listen);
	AT(acmems_dns_server_config, zones);
	AT(acmems_dns_server_config, zone_count);
	AT(acmems_dns_server_config, ttl);
	AT(acmems_dns_server_config, handler);
	AT(acmems_dns_server_config, arg);
	SIZE(acmems_dns_place);
	AT(acmems_dns_place, owner);
	AT(acmems_dns_place, zone);
	AT(acmems_dns_place, primary);
	AT(acmems_dns_place, minimum);
	SIZE(acmems_dns_find);
	AT(acmems_dns_find, name);
	AT(acmems_dns_find, zone);
	AT(acmems_dns_find, resolvers);
	AT(acmems_dns_find, timeout_ms);
	SIZE(acmems_dns_look);
	AT(acmems_dns_look, propagation);
	AT(acmems_dns_look, resolvers);
	AT(acmems_dns_look, nameserver_port);
	SIZE(acmems_dns_wait);
	AT(acmems_dns_wait, owner);
	AT(acmems_dns_wait, zone);
	AT(acmems_dns_wait, value);
	AT(acmems_dns_wait, absent);
	AT(acmems_dns_wait, servers);
	AT(acmems_dns_wait, port);
	AT(acmems_dns_wait, resolvers);
	AT(acmems_dns_wait, timeout_ms);
	AT(acmems_dns_wait, shows);
	AT(acmems_dns_wait, once);
}

static void programs(void)
{
	SIZE(acmems_child_config);
	AT(acmems_child_config, room);
	AT(acmems_child_config, subject);
	AT(acmems_child_config, command);
	AT(acmems_child_config, arguments);
	AT(acmems_child_config, environment);
	AT(acmems_child_config, variables);
	AT(acmems_child_config, variable_count);
	AT(acmems_child_config, input);
	AT(acmems_child_config, input_len);
	AT(acmems_child_config, max_output);
	AT(acmems_child_config, timeout_ms);
	AT(acmems_child_config, after);
	SIZE(acmems_child_variable);
	AT(acmems_child_variable, value);
	SIZE(acmems_child_result);
	AT(acmems_child_result, output);
	AT(acmems_child_result, output_len);
	AT(acmems_child_result, last_line);
}

int main(void)
{
	printf("abi %u\n", ACMEMS_ABI);
	core();
	module();
	kinds();
	services();
	dns();
	programs();
	return 0;
}
