/*
 * Facts: named values as the policy process gets them and gives them back.
 * One entry is: string name, u8 type, value. Names are parts of a-z 0-9 _ joined by dots.
 */
#ifndef COMMON_FACTS_H
#define COMMON_FACTS_H

#include "common/rd.h"
#include "common/wr.h"

enum fact_type { FACT_STR, FACT_NUM, FACT_BOOL, FACT_LIST, FACT_TYPE_COUNT };

struct fact {
	struct span name;
	enum fact_type type;
	struct span value; /* STR; LIST: strings in wire form, each with its length */
	uint64_t number;   /* NUM, BOOL */
};

/* Each writes one entry; a writer that is full fails, as always. */
void facts_str(struct wr *w, const char *name, struct span value);
void facts_num(struct wr *w, const char *name, uint64_t value);
void facts_bool(struct wr *w, const char *name, bool value);
void facts_list(struct wr *w, const char *name, const struct span *item, size_t n);

/*
 * Opens the entry of a list; write its items with wr_bytes, then wr_close it.
 * Gives:  the mark for wr_close
 */
MUST_CHECK size_t facts_list_open(struct wr *w, const char *name);

/*
 * Reads the next entry; call it while bytes are left (r->left.n > 0).
 * Errors: ERR_RANGE unknown type, bad name, or a boolean beyond 1; else as rd. A list is
 *         read to its end, so that its items can be taken without looking again.
 */
MUST_CHECK enum err facts_next(struct rd *r, struct fact *out);

/*
 * Finds the first entry of that name; false where there is none or facts are malformed
 * before it.
 */
bool facts_find(struct span facts, const char *name, struct fact *out);

/* Finds a text, number or boolean of that name; what is given where there is none of that type. */
struct span facts_get_str(struct span facts, const char *name, struct span otherwise);
uint64_t facts_get_num(struct span facts, const char *name, uint64_t otherwise);
bool facts_get_bool(struct span facts, const char *name, bool otherwise);

/*
 * Checks that facts can be read to their end.
 * Errors: as facts_next
 */
MUST_CHECK enum err facts_check(struct span facts);

#endif
