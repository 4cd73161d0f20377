/*
 * Penalties of sources, as operators see and lift them.
 */
#include <arpa/inet.h>

#include "common/log.h"
#include "monitor/control_private.h"
#include "monitor/penalty.h"

#define MS_PER_S 1000

static bool address_of(struct control_call *c, struct source *out)
{
	struct span text = facts_get_str(c->params, "source", (struct span){0});
	char address[SOURCE_TEXT_BYTES];

	*out = (struct source){.known = true};
	if (bytes_to_str(address, sizeof address, text) == OK) {
		if (inet_pton(AF_INET, address, out->bytes) == 1)
			return true;
		out->v6 = true;
		if (inet_pton(AF_INET6, address, out->bytes) == 1)
			return true;
	}
	(void)control_say(c, CTL_BAD_INVALID,
			  "source is an address, such as 192.0.2.7 or 2001:db8::7");
	return false;
}

static void put_item(struct control_call *c, const struct tally_item *item, bool v6)
{
	struct source who = {.known = true, .v6 = v6};
	char text[SOURCE_TEXT_BYTES];
	uint64_t now = clock_ms();

	for (size_t i = 0; i < SOURCE_BYTES; i++)
		who.bytes[i] = item->key[i];
	source_show(&who, &c->m->set->per_source_net_block_size, text);
	facts_str(&c->out, "source", span_str(text));
	facts_str(&c->out, "cause",
		  span_str(penalty_cause_text((enum penalty_cause)item->cause)));
	facts_num(&c->out, "seconds",
		  item->due_ms > now ? (item->due_ms - now + MS_PER_S - 1) / MS_PER_S
				     : 0);
	facts_bool(&c->out, "refused", item->active);
}

/* Those of IPv4 first; while it goes on, one that comes or goes may be missed. */
enum ctl_error control_penalty_list(struct control_call *c)
{
	const struct penalties *p = &c->m->penalties;
	uint64_t all = (uint64_t)p->v4.n + p->v6.n;

	for (uint64_t i = c->after; i < all; i++) {
		bool v6 = i >= p->v4.n;
		const struct tally *t = v6 ? &p->v6 : &p->v4;

		put_item(c, &t->item[t->heap[v6 ? i - p->v4.n : i]], v6);
		if (!control_row(c) && i + 1 < all) {
			c->next = i + 1;
			break;
		}
	}
	return CTL_OK;
}

enum ctl_error control_penalty_explain(struct control_call *c)
{
	struct refusal why = {0};
	struct source who;
	bool refused;

	if (!address_of(c, &who))
		return CTL_BAD_INVALID;
	refused = penalty_refuses(&c->m->penalties, c->m->set, &who, clock_ms(), &why);
	facts_bool(&c->out, "refused", refused);
	if (!refused)
		return CTL_OK;
	facts_str(&c->out, "reason", span_str(why.why));
	facts_num(&c->out, "seconds", (why.left_ms + MS_PER_S - 1) / MS_PER_S);
	return CTL_OK;
}

enum ctl_error control_penalty_clear(struct control_call *c)
{
	struct penalties *p = &c->m->penalties;
	struct tally_item *item;
	struct source who, block;
	struct tally *t;
	struct fact one;

	if (!facts_find(c->params, "source", &one)) {
		facts_num(&c->out, "cleared", (uint64_t)p->v4.n + p->v6.n);
		tally_wipe(&p->v4);
		tally_wipe(&p->v6);
		return CTL_OK;
	}
	if (!address_of(c, &who))
		return CTL_BAD_INVALID;
	block = source_block(&who, &c->m->set->per_source_net_block_size);
	t = who.v6 ? &p->v6 : &p->v4;
	item = t->n == 0 ? NULL : tally_find(t, block.bytes);
	if (item != NULL)
		tally_remove(t, item);
	facts_num(&c->out, "cleared", item != NULL);
	return CTL_OK;
}
