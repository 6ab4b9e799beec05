/* store_scan_account.h — scans by account: what store_scan.c hands over where accounts are wanted.
 *
 * What: a unit is some accounts; an inner scan reads all their members at once, and the rows of each account are
 *   put together in order of time and arrival. What it takes besides (arrivals, traits as they were sent) is asked
 *   of the inner scan.
 * Owner: the scan's arena; cursors: store_account_cursor_free.   Threads: as scans and cursors.
 * Failure: as scans.
 * Limits/cost: memory for all rows of a unit twice over; a unit has about STORE_SCAN_BATCH_ROWS of them, or one
 *   account.
 * Units: rows.   Example: none, internal.   Not here: who belongs to an account (store_account.c).
 */
#pragma once

#include "store_scan_plan.h"

bool store_account_scan_new(struct store_snapshot *snapshot,
                            const struct store_scan_options *options, struct arena *arena,
                            struct store_account_scan **out, struct fail *fail) MUST_USE;
void store_account_scan_done(struct store_account_scan *scan); /* accepts NULL */
size_t store_account_scan_units(const struct store_account_scan *scan);

struct store_account_cursor;
bool store_account_cursor_new(struct store_account_scan *scan, struct base_budget *budget,
                              struct store_account_cursor **out, struct fail *fail) MUST_USE;
void store_account_cursor_free(struct store_account_cursor *cursor);
bool store_account_cursor_next(struct store_account_cursor *cursor, const struct store_rows **out,
                               struct fail *fail) MUST_USE;
uint64_t store_account_cursor_scanned(const struct store_account_cursor *cursor);

/* Gives a cursor of a listed scan without units (an empty list) its customers: ascending roots, which live until the
   next list. They come as one batch where the scan's batch_rows are no bound. (store_scan.c) */
void store_cursor_list(struct store_cursor *cursor, const uint32_t *customers, size_t count);
