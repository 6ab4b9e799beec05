/* disk_sim_internal.h — the two states of the simulated disk and what lies between them. */
#pragma once

#include "base_hash.h"
#include "base_random.h"
#include "base_thread.h"
#include "disk_sim.h"

struct sim_bytes {
    uint8_t *data;
    size_t len;
    size_t capacity;
};

/* A change of a file that is not durable: a write, or (data NULL) a truncation to `offset`. */
struct sim_change {
    uint64_t offset;
    uint8_t *data;
    size_t len;
};

/* What the program sees of a folder, or what is durable of it. */
struct sim_entry {
    char *name;
    struct sim_node *node;
};
struct sim_entries {
    struct sim_entry *items;
    size_t count, capacity;
};

/* A change of folders that is not durable. A rename between two folders stands in the queue of both. */
struct sim_step {
    enum { STEP_ADD, STEP_REMOVE, STEP_RENAME } kind;
    struct sim_node *from_dir, *to_dir; /* the same but for such renames */
    struct sim_node *node;              /* added or renamed */
    char *from, *to;                    /* from: removed or renamed; to: added or renamed */
};
struct sim_steps {
    struct sim_step **items;
    size_t count, capacity;
};

/* A file or a folder; lives as long as its disk. */
struct sim_node {
    struct sim_node *next;
    bool is_dir;
    bool removed; /* has no name that the program sees: its bytes no longer count as used */
    struct sim_bytes bytes, durable_bytes;
    struct sim_change *changes; /* oldest first */
    size_t change_count, change_capacity;
    struct sim_entries entries, durable_entries;
    struct sim_steps steps; /* oldest first */
    size_t kept;            /* while a cut is made: so many steps happen */
};

struct disk_sim {
    struct disk disk;
    struct base_mutex lock;  /* guards all below */
    struct sim_node *nodes;  /* all there ever were */
    struct sim_step **steps; /* likewise */
    size_t step_count, step_capacity;
    struct sim_node *root;
    struct base_random_seeded random;
    struct disk_sim_fault fault;
    bool fault_happened, off;
    uint64_t changes, calls;
    uint64_t capacity, used;
    void (*before)(void *context); /* disk_sim_watch */
    void *before_context;
};

struct disk_sim *sim_of(struct disk *disk);
/* Room is taken from the heap; a test that runs out of it aborts. */
void sim_reserve(void **items, size_t *capacity, size_t needed, size_t size);
char *sim_copy_text(struct str text);

struct sim_node *sim_add_node(struct disk_sim *sim, bool is_dir);
void sim_write(struct sim_bytes *bytes, uint64_t offset, const void *data, size_t len);
void sim_resize(struct sim_bytes *bytes, uint64_t len);

struct sim_entry *sim_find(struct sim_entries *entries, struct str name);
void sim_put(struct sim_entries *entries, const char *name, struct sim_node *node);
void sim_drop(struct sim_entries *entries, const char *name);
/* Does the step in one state of its folders; `only`: that folder's side of it; NULL: both. */
void sim_do_step(struct sim_step *step, bool durable, const struct sim_node *only);

/* disk_sim_cut.c: making durable. */
void sim_sync_file(struct sim_node *file);
void sim_lose_some(struct disk_sim *sim, struct sim_node *file);
void sim_sync_dir(struct sim_node *dir);
